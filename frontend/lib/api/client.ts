import createClient from "openapi-fetch";
import { ApiError } from "@/lib/api/error";
import type { components, paths } from "@/lib/api/schema";

/** The types of the contract, such as `Schemas["User"]`. */
export type Schemas = components["schemas"];

/** Calls the API of the origin that the page came from, with the types of the contract. */
export const client = createClient<paths>();

interface Result<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Returns what the server answered to a call of the client, or throws an ApiError. */
export async function answer<T>(call: Promise<Result<T>>): Promise<T> {
  let result: Result<T>;
  try {
    result = await call;
  } catch (cause) {
    // fetch throws a TypeError when no answer came. An answer that cannot be parsed is a SyntaxError.
    throw cause instanceof SyntaxError
      ? new ApiError({ status: 0, code: "unexpected", detail: "The server gave an unexpected answer." }, { cause })
      : ApiError.network(cause);
  }
  if (!result.response.ok) throw ApiError.fromResponse(result.response, result.error);
  return result.data as T;
}
