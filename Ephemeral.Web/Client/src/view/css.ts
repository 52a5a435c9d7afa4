import { tokenize, tokenTypes } from "css-tree/tokenizer";
import { string, url } from "css-tree/utils";

interface Reference {
  start: number;
  end: number;
  text: string;
  imported: boolean;
}

const loading = new Set(["url", "src", "image-set", "-webkit-image-set"]);

/** The style with other addresses for what it loads, where `addressOf` has one. */
export async function rewriteCss(css: string, addressOf: (reference: string, imported: boolean) => Promise<string | undefined>): Promise<string> {
  let [written, done] = ["", 0];
  for (const { start, end, text, imported } of referencesIn(css)) {
    const address = await addressOf(text, imported);
    if (address === undefined) continue;
    written += css.slice(done, start) + (css[start] === '"' || css[start] === "'" ? string.encode(address) : `url(${string.encode(address)})`);
    done = end;
  }
  return written + css.slice(done);
}

export function referencesIn(css: string): Reference[] {
  const found: Reference[] = [];
  const functions: string[] = [];
  let imported = false;
  tokenize(css, (type, start, end) => {
    const token = css.slice(start, end);
    if (type === tokenTypes.WhiteSpace || type === tokenTypes.Comment) return;
    if (type === tokenTypes.Function) functions.push(token.slice(0, -1).toLowerCase());
    else if (type === tokenTypes.LeftParenthesis) functions.push("");
    else if (type === tokenTypes.RightParenthesis) functions.pop();
    else if (type === tokenTypes.Url) found.push({ start, end, text: url.decode(token), imported });
    else if (type === tokenTypes.String && (loading.has(functions.at(-1) ?? "") || (imported && functions.length === 0)))
      found.push({ start, end, text: string.decode(token), imported });
    imported = type === tokenTypes.AtKeyword ? token.toLowerCase() === "@import" : imported && type === tokenTypes.Function;
  });
  return found;
}
