/** In the language and time zone of the person: for what is loaded in the browser, never for exported HTML. */
export function formatDate(time: string): string {
  return new Date(time).toLocaleDateString(undefined, { dateStyle: "long" });
}

export function formatDateTime(time: string): string {
  return new Date(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
