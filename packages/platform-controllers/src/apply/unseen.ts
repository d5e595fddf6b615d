/**
 * Whoever made an object looks at it again after this while the informer has not shown it: what is gone before it was
 * shown, during an outage of the API server, wakes nobody.
 */
export const UNSEEN_SECONDS = 5;
