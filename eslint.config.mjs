import { readdirSync, readFileSync } from "node:fs";
import nextVitals from "eslint-config-next/core-web-vitals";
import nextTypescript from "eslint-config-next/typescript";
import translatableText from "./frontend/scripts/translatable-text.mjs";

// What a public page imports, the server gives to everybody: these may go there, all others stay behind the gate.
const publicFeatures = ["auth", "landing"];

const features = readdirSync(new URL("frontend/features", import.meta.url));
// The longest path decides, so it comes last.
const accessRules = Object.entries(
  JSON.parse(readFileSync(new URL("server/access.json", import.meta.url), "utf8")),
).sort(([a], [b]) => a.length - b.length);

// Imports flow one way: lib, components <- features <- app.
const importZones = [
  {
    target: "./frontend/lib",
    from: ["./frontend/components", "./frontend/features", "./frontend/app"],
    message: "lib leans on nothing of ours.",
  },
  {
    target: "./frontend/components",
    from: ["./frontend/features", "./frontend/app"],
    message: "Components know neither features nor pages.",
  },
  {
    target: "./frontend/features",
    from: "./frontend/app",
    message: "Features do not know the pages they stand on.",
  },
  ...features.map((feature) => ({
    target: `./frontend/features/${feature}`,
    from: "./frontend/features",
    except: [`./${feature}`],
    message: "Features do not know each other; a page puts them together.",
  })),
];

const publicPageZone = {
  target: "./frontend/app",
  from: "./frontend/features",
  except: publicFeatures.map((feature) => `./${feature}`),
  message:
    "This page is public, so everybody would be sent the feature's code. Move the page below a path of " +
    "server/access.json, or add the feature to publicFeatures in eslint.config.mjs.",
};

/** What the files of a page that asks for a need may import. */
const restrictedPaths = (need) => [
  "error",
  { zones: need === "public" ? [...importZones, publicPageZone] : importZones },
];

const config = [
  { ignores: ["frontend/.next/", "frontend/out/", "frontend/next-env.d.ts", "frontend/lib/api/schema.d.ts"] },
  ...nextVitals,
  ...nextTypescript,
  {
    settings: {
      next: { rootDir: "frontend" },
      "import/ignore": ["node_modules/"], // else no-cycle reads all of it
      "import/resolver": { typescript: { project: "frontend/tsconfig.json" } },
    },
    rules: {
      "import/no-restricted-paths": restrictedPaths("public"),
      "import/no-cycle": "error",
      "import/no-duplicates": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "no-restricted-imports": ["error", { name: "zod", message: "Import z from @/lib/schema." }],
      "no-restricted-syntax": [
        "error",
        {
          selector: "JSXAttribute[name.name='style']",
          message: "The Content-Security-Policy forbids style attributes: use classes.",
        },
        {
          selector:
            "JSXOpeningElement[name.name='form']:not(:has(JSXAttribute[name.name='method'][value.value='post']))",
          message: 'A form without method="post" can put a password into the address bar.',
        },
        ...["JSXText[value=/Lychgate/]", "Literal[value=/Lychgate/]", "TemplateElement[value.raw=/Lychgate/]"].map(
          (selector) => ({ selector, message: "Take the product's name from @/lib/product." }),
        ),
      ],
      eqeqeq: "error",
      "lychgate/translatable-text": ["error", { slots: ["children", "action"] }],
    },
    plugins: { lychgate: { rules: { "translatable-text": translatableText } } },
  },
  { files: ["frontend/lib/schema.ts"], rules: { "no-restricted-imports": "off" } },
  { files: ["frontend/lib/product.ts", "eslint.config.mjs"], rules: { "no-restricted-syntax": "off" } },
  ...accessRules.map(([path, need]) => ({
    files: [`frontend/app${path}/**`],
    rules: { "import/no-restricted-paths": restrictedPaths(need) },
  })),
];

export default config;
