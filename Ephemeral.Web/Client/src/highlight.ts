// Colours the code of a file. The library says which words are what; the elements are made here, of text alone.
import { createLowlight } from "lowlight";
import { h } from "./dom";
import { languages, mostColoured } from "./languages";

const lowlight = createLowlight(languages);
type Tree = ReturnType<typeof lowlight.highlight>["children"][number];

/** The text itself if nothing is known of such a language. */
export function highlight(text: string, language: string): Node[] {
  if (text.length > mostColoured || !lowlight.registered(language)) return [document.createTextNode(text)];
  return lowlight.highlight(language, text).children.map(build);
}

function build(tree: Tree): Node {
  if (tree.type === "text") return document.createTextNode(tree.value);
  if (tree.type !== "element") return document.createTextNode("");
  const { className } = tree.properties;
  return h("span", { class: Array.isArray(className) ? className.join(" ") : "" }, ...tree.children.map(build));
}
