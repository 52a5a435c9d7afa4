// A link as a QR code, drawn here: what stands behind the # of a link goes nowhere.
import encode from "qrcode-generator";
import { svgElement } from "./dom";

const quiet = 4; // modules of white around it, without which cameras don't find it

export function qrCode(text: string, name: string): SVGSVGElement {
  const code = encode(0, "M");
  code.addData(text, "Byte");
  code.make();
  const count = code.getModuleCount();
  let dark = "";
  for (let row = 0; row < count; row++)
    for (let column = 0; column < count; column++) if (code.isDark(row, column)) dark += `M${column + quiet} ${row + quiet}h1v1h-1z`;
  const size = String(count + 2 * quiet);
  const picture = svgElement("svg", { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": name, "shape-rendering": "crispEdges", class: "qr" });
  // Black on white by night, too: not every camera reads the reverse.
  picture.append(svgElement("rect", { width: size, height: size, fill: "#fff" }), svgElement("path", { d: dark, fill: "#000" }));
  return picture;
}
