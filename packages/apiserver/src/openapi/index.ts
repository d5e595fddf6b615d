/** The schemas of what is served: OpenAPI documents, and the check of an object's form. */
export { Declarations, declarations } from "./declarations.ts";
export { OpenApi, type OpenApiOptions } from "./document.ts";
export { handleOpenApi } from "./handle.ts";
export { Schemas } from "./schemas.ts";
