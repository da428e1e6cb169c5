import type { components } from "@/lib/api/schema";

type Problem = components["schemas"]["Problem"];
export type ProblemCode = components["schemas"]["ProblemCode"];
export type FieldError = components["schemas"]["FieldError"];

interface Failure {
  /** 0 when there was no answer. */
  status: number;
  /** The code of the server; `network` when no answer came, `unexpected` when the answer is not the API's. */
  code: ProblemCode | "network" | "unexpected";
  detail: string;
  fields?: FieldError[];
  /** Seconds. */
  retryAfter?: number | undefined;
  requestId?: string | undefined;
}

/** The one way in which a call to the API fails. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: Failure["code"];
  readonly detail: string;
  readonly fields: FieldError[];
  readonly retryAfter: number | undefined;
  readonly requestId: string | undefined;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(`${failure.code}: ${failure.detail}`, options);
    this.status = failure.status;
    this.code = failure.code;
    this.detail = failure.detail;
    this.fields = failure.fields ?? [];
    this.retryAfter = failure.retryAfter;
    this.requestId = failure.requestId;
  }

  static network(cause: unknown): ApiError {
    return new ApiError({ status: 0, code: "network", detail: "The server could not be reached." }, { cause });
  }

  /** For an answer with an error status; `body` is what it holds, parsed if it is JSON. */
  static fromResponse(response: Response, body: unknown): ApiError {
    const fromHeaders = {
      status: response.status,
      retryAfter: retryAfter(response.headers),
      requestId: response.headers.get("X-Request-Id") ?? undefined,
    };
    if (!isProblem(body)) {
      const detail = `The server gave an unexpected answer (${response.status}).`;
      return new ApiError({ ...fromHeaders, code: "unexpected", detail });
    }
    const { code, detail, requestId, errors = [] } = body;
    return new ApiError({ ...fromHeaders, code, detail, requestId, fields: errors });
  }

  /** Nobody is signed in, or no longer: only a new sign-in helps. */
  get signedOut(): boolean {
    return this.code === "unauthenticated" || this.code === "session_ended";
  }

  /** The same call may succeed in a moment. */
  get transient(): boolean {
    return this.code === "network" || this.status >= 502;
  }

  /** What to show to the person. How long to wait is left to the page, which can count down. */
  get text(): string {
    if (this.code === "rate_limited") return "Too many attempts.";
    if (this.transient && this.retryAfter === undefined) return `${this.detail} Try again in a moment.`;
    return this.detail;
  }
}

function isProblem(body: unknown): body is Problem {
  return (
    typeof body === "object" &&
    body !== null &&
    "code" in body &&
    typeof body.code === "string" &&
    "detail" in body &&
    typeof body.detail === "string"
  );
}

function retryAfter(headers: Headers): number | undefined {
  const value = headers.get("Retry-After");
  return value !== null && /^\d+$/.test(value) ? Number(value) : undefined;
}
