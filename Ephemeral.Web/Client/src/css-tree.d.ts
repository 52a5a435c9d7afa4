// The two parts of css-tree that are used here; the package brings no types.

declare module "css-tree/tokenizer" {
  export function tokenize(source: string, onToken: (type: number, start: number, end: number) => void): void;
  export const tokenTypes: Record<"AtKeyword" | "Comment" | "Function" | "LeftParenthesis" | "RightParenthesis" | "String" | "Url" | "WhiteSpace", number>;
}

declare module "css-tree/utils" {
  interface Coder {
    decode(text: string): string;
    encode(text: string): string;
  }
  export const string: Coder;
  export const url: Coder;
}
