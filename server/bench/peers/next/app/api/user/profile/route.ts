import Database from "better-sqlite3";
import type { NextRequest } from "next/server";
import { subjectOf } from "../../../../token";

// Opened at the first request: a build imports this file too.
let profile: Database.Statement | undefined;

export async function GET(request: NextRequest) {
  const subject = await subjectOf(request.cookies.get("token")?.value);
  profile ??= new Database(process.env.DATABASE).prepare("SELECT id, email, name, created_at FROM users WHERE id = ?");
  return Response.json(profile.get(subject));
}
