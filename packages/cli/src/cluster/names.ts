/** Where the platform lives in a cluster. */
export const PLATFORM_NAMESPACE = "jdos-system";

/** The platform API's Service as the API server passes it on. */
export const PLATFORM_PROXY_PATH = `/api/v1/namespaces/${PLATFORM_NAMESPACE}/services/http:platform-api:80/proxy`;
