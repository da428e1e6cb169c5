import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json as readJSON } from "node:stream/consumers";
import { afterEach } from "vitest";

/*
 * For tests only: an HTTP server that gives the client the answers that a test wants. It is a setup file of vitest,
 * because it must replace the global `Request` before the client is imported, which keeps the one that it finds then.
 */

type Respond = (response: ServerResponse) => void;

/** A browser sends a request for a path to the origin of the page. Node has no page, so here it goes to the server. */
let origin = "";

globalThis.Request = class extends Request {
  constructor(input: RequestInfo | URL, init?: RequestInit) {
    super(typeof input === "string" ? new URL(input, origin) : input, init);
  }
};

let stop = () => {};

afterEach(() => {
  stop();
  stop = () => {};
  origin = "";
});

/** Answers routes, such as `GET /api/user/profile`, until the test ends. */
export class FakeServer {
  readonly #answers: Record<string, Respond>;
  readonly #bodies: { route: string; body: unknown }[] = [];

  private constructor(answers: Record<string, Respond>) {
    this.#answers = answers;
  }

  static async start(answers: Record<string, Respond>): Promise<FakeServer> {
    const fake = new FakeServer({ ...answers });
    const server = createServer((request, response) => void fake.#respond(request, response)).listen(0, "127.0.0.1");
    stop = () => {
      server.closeAllConnections();
      server.close();
    };
    await once(server, "listening");
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return fake;
  }

  /** Gives a route another answer from the next request on. */
  answer(route: string, respond: Respond): void {
    this.#answers[route] = respond;
  }

  /** The bodies of all requests to a route. */
  bodies(route: string): unknown[] {
    return this.#bodies.filter((request) => request.route === route).map(({ body }) => body);
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${request.url}`;
    const body = request.headers["content-type"] === "application/json" ? await readJSON(request) : undefined;
    this.#bodies.push({ route, body });
    const respond = this.#answers[route] ?? text(404, `${route} has no answer`);
    respond(response);
  }
}

export function json(body: unknown): Respond {
  return text(200, JSON.stringify(body));
}

export function noContent(response: ServerResponse): void {
  response.writeHead(204).end();
}

export function text(status: number, body: string): Respond {
  return (response) => response.writeHead(status, { "X-Request-Id": requestId }).end(body);
}

export const requestId = "0123456789abcdef0123456789abcdef";

export function problem(
  status: number,
  code: string,
  more: object = {},
  headers: Record<string, string> = {},
): Respond {
  return (response) => {
    response.writeHead(status, { "Content-Type": "application/problem+json", "X-Request-Id": requestId, ...headers });
    response.end(
      JSON.stringify({ type: "about:blank", title: "A title", status, detail: "A detail.", code, requestId, ...more }),
    );
  };
}
