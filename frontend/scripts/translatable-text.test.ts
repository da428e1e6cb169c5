import { RuleTester } from "eslint";
import { describe, it } from "vitest";
import rule from "./translatable-text.mjs";

RuleTester.describe = describe;
RuleTester.it = it;

const tester = new RuleTester({ languageOptions: { parserOptions: { ecmaFeatures: { jsx: true } } } });

const beside = [{ messageId: "beside" }];
const bare = [{ messageId: "bare" }];

tester.run("translatable-text", rule, {
  valid: [
    "<p>Text</p>",
    "<p>{text}</p>",
    "<p>{shown ? 'a' : 'b'}</p>",
    "<p>{shown && 'a'}</p>",
    "<p>{`${seconds} seconds`}</p>",
    "<p><span>{text}</span>{shown && <b>more</b>}</p>",
    "<p><Icon /> Text</p>",
    "<p>Read <a href='/'>this</a>, please.</p>",
    "<p>{/* nothing */}Text</p>",
    "<p><b>a</b>{' '}<i>b</i></p>",
    "<p><b>a</b>{shown ? <i>b</i> : null}</p>",
    "<ul><li>first</li>{items.map((item) => <li key={item}>{item}</li>)}</ul>",
    "<ul><li>first</li>{items.map((item) => { const text = item; return <li key={item}>{text}</li>; })}</ul>",
    "<section><h2>{title}</h2>{children}</section>",
    "<><Header />{children}</>",
  ],
  invalid: [
    { code: "<p>Text{shown && <b>more</b>}</p>", errors: beside },
    { code: "<p>{shown && <b>more</b>}Text</p>", errors: beside },
    { code: "<p>{text}{shown && <b>more</b>}</p>", errors: beside },
    { code: "<p>{shown && 'text'}<b>more</b></p>", errors: beside },
    { code: "<p>{seconds} seconds</p>", errors: [...beside, ...beside] },
    { code: "<label><input />{text}</label>", errors: beside },
    { code: "<button>{busy && <Spinner />}{children}</button>", errors: beside },
    { code: "<p>{shown ? <b>more</b> : 'text'}<i>b</i></p>", errors: beside },
    { code: "<p><b>a</b>{items.map((item) => item.text)}</p>", errors: beside },
    { code: "<p><b>a</b>{items.map((item) => { return item.text; })}</p>", errors: beside },
    { code: "<p><b>a</b>{shown ?? 'text'}</p>", errors: beside },
    { code: "<>Text</>", errors: bare },
    { code: "<>{' Text '}<b>more</b></>", errors: bare },
    { code: "<><b>more</b>{text}</>", errors: beside },
  ],
});
