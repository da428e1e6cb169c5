import localFont from "next/font/local";

/*
 * Both families are under the SIL Open Font License and come with their packages. The Latin files are fetched with the
 * page, those for other Latin letters only when such a letter is shown. Every value is a literal, because Next reads
 * them without running this file.
 */

const sans = localFont({
  src: "../../node_modules/@fontsource-variable/instrument-sans/files/instrument-sans-latin-wght-normal.woff2",
  weight: "400 700",
  variable: "--font-sans-latin",
  fallback: ["system-ui", "sans-serif"],
});

const sansExt = localFont({
  src: "../../node_modules/@fontsource-variable/instrument-sans/files/instrument-sans-latin-ext-wght-normal.woff2",
  weight: "400 700",
  variable: "--font-sans-latin-ext",
  declarations: [
    {
      prop: "unicode-range",
      value:
        "U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+0304,U+0308,U+0329,U+1D00-1DBF,U+1E00-1E9F,U+1EF2-1EFF,U+2020,U+20A0-20AB,U+20AD-20C0,U+2113,U+2C60-2C7F,U+A720-A7FF",
    },
  ],
  preload: false,
  adjustFontFallback: false,
});

const serif = localFont({
  src: "../../node_modules/@fontsource/young-serif/files/young-serif-latin-400-normal.woff2",
  weight: "400",
  variable: "--font-serif-latin",
  adjustFontFallback: "Times New Roman",
  fallback: ["Georgia", "serif"],
});

const serifExt = localFont({
  src: "../../node_modules/@fontsource/young-serif/files/young-serif-latin-ext-400-normal.woff2",
  weight: "400",
  variable: "--font-serif-latin-ext",
  declarations: [
    {
      prop: "unicode-range",
      value:
        "U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+0304,U+0308,U+0329,U+1D00-1DBF,U+1E00-1E9F,U+1EF2-1EFF,U+2020,U+20A0-20AB,U+20AD-20C0,U+2113,U+2C60-2C7F,U+A720-A7FF",
    },
  ],
  preload: false,
  adjustFontFallback: false,
});

/** Classes for the root element. They set the variables that globals.css builds the font families from. */
export const fontVariables = [sans, sansExt, serif, serifExt].map((font) => font.variable).join(" ");
