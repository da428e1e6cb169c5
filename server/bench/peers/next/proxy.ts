import { NextResponse, type NextRequest } from "next/server";
import { subjectOf } from "./token";

export async function proxy(request: NextRequest) {
  try {
    await subjectOf(request.cookies.get("token")?.value);
    return NextResponse.next();
  } catch {
    return NextResponse.redirect(new URL("/login", request.url), 303);
  }
}

export const config = { matcher: ["/dashboard/:path*", "/api/user/:path*"] };
