// The small build of zod: the whole one weighs eighty kilobytes more on every page with a form.
import { config } from "zod/mini";

// Zod otherwise compiles schemas with `new Function`, which the Content-Security-Policy forbids and reports. This has
// to happen before the first schema is made: hence one module that everybody imports zod from.
config({ jitless: true });

export { minLength, object, refine, string } from "zod/mini";
