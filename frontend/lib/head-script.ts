/** Where the browser stores the theme that a person chose. Without one, the system decides (lib/theme.ts). */
export const THEME_KEY = "theme";

/**
 * The one script that runs before everything else on every page. It does what must not wait for React:
 *
 * - It puts the chosen theme on the document before the first paint, so that nothing flashes.
 * - It makes the Trusted Types policy `default`, which the Content-Security-Policy demands (W3C Trusted Types, section
 *   "default policy"). Scripts come from the chunks of this build. Their addresses stay as they are written, because the
 *   bundler finds its chunks by them. A worker may also be any other script of this site, such as one in `public/`, or
 *   made by the page itself if `server/content-security-policy.json` allows that. Only two texts may become markup: the
 *   empty script element that React makes scripts from (its end is written with a backslash, or it would end this
 *   script), and this script itself, which React inserts again, without running it, when it renders a broken page again.
 *   The browser refuses everything else. The server demands the policy for each page that holds it
 *   (`server/site/export/csp.go`).
 */
export const headScript = `(()=>{
try{const t=localStorage.getItem(${JSON.stringify(THEME_KEY)});if(t==="light"||t==="dark")document.documentElement.dataset.theme=t}catch{}
if(!window.trustedTypes)return;
const self=document.currentScript.textContent;
trustedTypes.createPolicy("default",{
createScriptURL(s,_,sink){const u=new URL(s,document.baseURI);if(u.origin!==location.origin)return null;
if(/worker/i.test(sink)&&(u.protocol==="blob:"||/\\.m?js$/.test(u.pathname)&&!u.pathname.startsWith("/api/")))return s;
return u.pathname.startsWith("/_next/static/chunks/")?s:null},
createHTML(s){return s==="<script><\\/script>"||s===self?s:null}
})})()`;
