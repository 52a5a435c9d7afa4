// A text area hands out its text with "\n" line ends whatever was put in. The address is the hash of exactly what was
// pasted or dropped, so the original is remembered for as long as the text area still says the same thing.

const plain = (text: string): string => text.replace(/\r\n?/g, "\n");

export class Draft {
  #original = "";

  /** Exactly what `shown`, the text area's value, stands for. */
  exact(shown: string): string {
    return plain(this.#original) === shown ? this.#original : shown;
  }

  keepsLineEnds(shown: string): boolean {
    return this.exact(shown) !== shown;
  }

  /** Puts `pasted` over start..end of what is shown; returns what the text area should show then. */
  insert(shown: string, start: number, end: number, pasted: string): string {
    const before = this.exact(shown);
    this.#original = before.slice(0, offsetIn(before, start)) + pasted + before.slice(offsetIn(before, end));
    return plain(this.#original);
  }

  replace(text: string): string {
    this.#original = text;
    return plain(text);
  }
}

/** Where in `original` the given offset of its plain form lies. */
function offsetIn(original: string, offset: number): number {
  let at = 0;
  for (let left = offset; left > 0; left--) at += original[at] === "\r" && original[at + 1] === "\n" ? 2 : 1;
  return at;
}
