// What a file is, by the type that its author gave it, or by its name where they gave none. Never by its content.

export interface Named {
  name: string;
  type: string;
}

/** How a file can be looked at here; undefined if it can only be saved. */
export type Look = "image" | "audio" | "video" | "pdf" | "text";

const byEnding = new Map(Object.entries({
  png: "image/png", apng: "image/apng", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", avif: "image/avif", bmp: "image/bmp",
  ico: "image/x-icon", svg: "image/svg+xml",
  mp3: "audio/mpeg", m4a: "audio/mp4", aac: "audio/aac", oga: "audio/ogg", ogg: "audio/ogg", opus: "audio/ogg", wav: "audio/wav", flac: "audio/flac",
  weba: "audio/webm", mp4: "video/mp4", m4v: "video/mp4", webm: "video/webm", ogv: "video/ogg", mov: "video/quicktime",
  pdf: "application/pdf",
  html: "text/html", htm: "text/html", xhtml: "application/xhtml+xml", css: "text/css", js: "text/javascript", mjs: "text/javascript", json: "application/json",
  xml: "application/xml", txt: "text/plain", md: "text/markdown", markdown: "text/markdown", csv: "text/csv", tsv: "text/tab-separated-values", vtt: "text/vtt",
  webmanifest: "application/manifest+json", wasm: "application/wasm", woff: "font/woff", woff2: "font/woff2", ttf: "font/ttf", otf: "font/otf",
}));

/** Text that has no type of its own that everybody knows. */
const texts = new Set(
  ("asm bash bat c cc cfg clj cmake conf cpp cs csproj cxx dart diff dockerfile editorconfig el env erl ex exs fs fsx gitattributes gitignore go gradle graphql groovy " +
    "h hpp hs ini ipynb java jl jsonl jsonc jsx kt kts less license lisp log lua makefile ml nix patch php pl proto ps1 py r rb readme rs rst sass scala scss sh sln sql " +
    "srt svelte swift tcl tex tf toml ts tsx vb vue yaml yml zig zsh").split(" "),
);

const images = new Set(["image/png", "image/apng", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon", "image/svg+xml"]);
const audio = /^audio\/(mpeg|mp3|mp4|x-m4a|aac|ogg|opus|wav|wave|x-wav|webm|flac|x-flac)$/;
const video = /^video\/(mp4|webm|ogg|quicktime|x-m4v)$/;
const textual = /^(text\/.+|application\/(json|javascript|ecmascript|xml|sql|toml|yaml|x-yaml|x-sh|x-httpd-php|typescript|.+\+(json|xml))|image\/svg\+xml)$/;

/** In lower case, without parameters; empty if nobody has said. */
export function typeOf({ name, type }: Named): string {
  const said = type.split(";")[0]!.trim().toLowerCase();
  if (/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/.test(said) && said !== "application/octet-stream") return said;
  return byEnding.get(ending(name)) ?? (texts.has(ending(name)) ? "text/plain" : "");
}

export function lookOf(file: Named): Look | undefined {
  const type = typeOf(file);
  if (images.has(type)) return "image";
  if (audio.test(type)) return "audio";
  if (video.test(type)) return "video";
  if (type === "application/pdf") return "pdf";
  // What a browser calls a TypeScript file is a video; by such names, text is what it is.
  return textual.test(type) || texts.has(ending(file.name)) ? "text" : undefined;
}

/** What stands behind the last dot, or the whole of a name without one, in lower case. */
export function ending(name: string): string {
  const last = name.slice(name.lastIndexOf("/") + 1);
  return last.slice(last.lastIndexOf(".") + 1).toLowerCase();
}
