// The small build of zod: the full one adds eighty kilobytes to every page with a form.
import { config, pipe, refine, string, transform } from "zod/mini";

// Otherwise zod compiles schemas with `new Function`, which the Content-Security-Policy forbids and reports. This has
// to happen before the first schema is made, so everybody imports zod from this module.
config({ jitless: true });

export { minLength, object, refine, string } from "zod/mini";

/** The number typed into an input, whose value is a string. `error` is shown when it is empty or not a number. */
export function number(error: string) {
  const typed = string().check(
    refine((text) => text.trim() !== "" && Number.isFinite(Number(text)), { error, abort: true }),
  );
  return pipe(typed, transform(Number));
}
