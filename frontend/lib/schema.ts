// The small build of zod: the full one adds eighty kilobytes to every page with a form.
import { config } from "zod/mini";

// Otherwise zod compiles schemas with `new Function`, which the Content-Security-Policy forbids and reports. This has
// to happen before the first schema is made, so everybody imports zod from this module.
config({ jitless: true });

export { minLength, object, refine, string } from "zod/mini";
