/*
 * In the language of the page, like the text around them, and in the time zone of the person: for what is loaded in the
 * browser, never for exported HTML.
 */

export function formatDate(time: string): string {
  return new Date(time).toLocaleDateString(language(), { dateStyle: "long" });
}

export function formatDateTime(time: string): string {
  return new Date(time).toLocaleString(language(), { dateStyle: "medium", timeStyle: "short" });
}

/** That of the root element, which a browser that translates the page changes, perhaps to what is no language at all. */
function language(): string {
  const { lang } = document.documentElement;
  return /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i.test(lang) ? lang : "en";
}
