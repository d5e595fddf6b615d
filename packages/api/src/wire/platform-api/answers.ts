/** Body of every answer of 400 and above. */
export interface ApiError {
  /** One word in CamelCase, for programs: NotFound, Invalid, AlreadyExists, TooLarge, Unauthorized ... */
  code: string;
  /** A sentence, for people. */
  message: string;
  /** What to do next. */
  hint?: string;
  /** Invalid only: the path of the field. */
  field?: string;
}

/** The last line of a stream that failed after it began. */
export interface StreamError {
  error: ApiError;
}

export interface ListOf<T> {
  items: T[];
}
