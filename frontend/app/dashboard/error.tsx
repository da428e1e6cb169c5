"use client";

/** The same error page as everywhere, below the header of the dashboard. */
export { default } from "../error";
