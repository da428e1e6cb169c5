import { jwtVerify } from "jose";

const key = new TextEncoder().encode(process.env.SECRET);

/** Returns whose token it is. */
export async function subjectOf(token: string | undefined): Promise<string | undefined> {
  const { payload } = await jwtVerify(token ?? "", key, { algorithms: ["HS256"] });
  return payload.sub;
}
