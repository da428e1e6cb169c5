import * as z from "zod";

// Zod otherwise compiles schemas with `new Function`, which the Content-Security-Policy forbids and reports. This has
// to happen before the first schema is made: hence one module that everybody imports zod from.
z.config({ jitless: true });

export { z };
