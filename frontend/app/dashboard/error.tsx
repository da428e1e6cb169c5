"use client";

/** The same as everywhere, with the header of the dashboard left standing. */
export { default } from "../error";
