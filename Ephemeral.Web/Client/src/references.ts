// Where a relative link in a page leads: to another file of the same page, or nowhere.

export interface Place {
  name: string;
  /** What stood behind the #, decoded; empty if nothing did. */
  fragment: string;
}

// No such host exists, so nothing else can be meant by it.
const site = "http://page.invalid";

export class References {
  #names = new Map<string, string>();

  /** `root`: the folder that is the site's, and that `/` stands for: empty, or ending in `/`. */
  constructor(names: Iterable<string>, private root: string) {
    // A name that was typed and one that came from a disk may write the same letter in two ways.
    for (const name of names) if (name.startsWith(root)) this.#names.set(name.slice(root.length).normalize("NFC"), name);
  }

  /** The file that is meant by a reference in the file `from`. */
  resolve(reference: string, from: string): Place | undefined {
    const base = site + "/" + from.slice(this.root.length).split("/").map(encodeURIComponent).join("/");
    if (reference.length > 4_096 || !URL.canParse(reference, base)) return undefined;
    const to = new URL(reference, base);
    if (to.origin !== site) return undefined;
    const path = decode(to.pathname.slice(1))?.normalize("NFC");
    if (path === undefined) return undefined;
    const index = path === "" || path.endsWith("/") ? `${path}index.html` : `${path}/index.html`;
    const name = this.#names.get(path) ?? this.#names.get(index);
    return name === undefined ? undefined : { name, fragment: decode(to.hash.slice(1)) ?? "" };
  }
}

/** The folder that a file is in: empty, or ending in `/`. */
export const folderOf = (name: string): string => name.slice(0, name.lastIndexOf("/") + 1);

/** Whether a reference says neither a scheme nor a host, and so means something in the page. */
export const isRelative = (reference: string): boolean =>
  !URL.canParse(reference) && URL.canParse(reference, site) && new URL(reference, site).origin === site;

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
