using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Ephemeral.Tests;

/// <summary>Small files of many kinds, as a browser takes them.</summary>
public static class TestFiles
{
    /// <summary>7 by 5 pixels.</summary>
    public static byte[] Png { get; } = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAcAAAAFCAIAAAAG+GGPAAAAEUlEQVR4nGP4UKCPiRhoJAoA08E2jsF04rAAAAAASUVORK5CYII=");

    /// <summary>64 by 48 pixels, red and blue by turns, VP8.</summary>
    public static byte[] Webm { get; } = Convert.FromBase64String(
        "GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQRChYECGFOAZwEAAAAAAAMLEU2bdLlNu4tTq4QVSalmU6yBbk27i1OrhBZUrmtTrIGTTbuLU6uEH0O2dVOsgdRNu4xTq4QcU7trU6yCAvnsrg" +
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAVSalmoCrXsYMPQkBEiYREFXTdTYCGQ2hyb21lV0GGQ2hyb21lFlSua7yuuteBAXPFh4ZA5sHTkn6DgQFV7oEBhoVW" +
        "X1ZQOOCdsIFAuoEwU8CBAVWwkFWxgQFVuYECVbqBDVW7gQEfQ7Z1AQAAAAAAAhnngQCg4aGygQAAANACAJ0BKkAAMAAKhwiFhYiZhIg4AgJ08ma6NHm/FnfA/uLgSMNGv7U/Kz3fcAB1oaqmqO6BAa" +
        "WjsAIAnQEqQAAwAAqHCIWFiJmEiDgCAAaOT8zHm/FYAP7rrgCgxqGlgQBhABECACoRwAAYABpP9AwAFPqqqID+4uBIw0a/tT8rPd9wAHWhmaaX7oEBpZLRAQAqEcAAGAAYWC/0AAiMAAD7gQCgxqGl" +
        "gQDFABECACoRwAAYABpP9AwAFPqqqID+4uBIw0a/tT8rPd9wAHWhmaaX7oEBpZLRAQAqEcAAGAAYWC/0AAiMAAD7gWGgxqGlgQEqABECACoRwAAYABpP9AwAFPqqqID+4uBIw0a/tT8rPd9wAHWhma" +
        "aX7oEBpZLRAQAqEcAAGAAYWC/0AAiMAAD7gcWgx6GlgQGOABECACoRwAAYABpP9AwAFPqqqID+4uBIw0a/tT8rPd9wAHWhmaaX7oEBpZLRAQAqEcAAGAAYWC/0AAiMAAD7ggEqoMehpYEB8QARAgAq" +
        "EcAAGAAaT/QMABT6qqiA/uLgSMNGv7U/Kz3fcAB1oZmml+6BAaWS0QEAKhHAABgAGFgv9AAIjAAA+4IBjqDHoaWBAlUAEQIAKhHAABgAGk/0DAAU+qqogP7i4EjDRr+1Pys933AAdaGZppfugQGlkt" +
        "EBACoRwAAYABhYL/QACIwAAPuCAfEcU7trjbuLs4EAt4b3gQHxgdQ=");

    /// <summary>One second of a tone.</summary>
    public static byte[] Wav()
    {
        const int Rate = 8_000;
        var file = new byte[44 + 2 * Rate];
        "RIFF"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);
        "WAVEfmt "u8.CopyTo(file.AsSpan(8));
        foreach (var (at, value) in new[] { (16, 16), (24, Rate), (28, 2 * Rate), (40, 2 * Rate) }) BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);
        foreach (var (at, value) in new[] { (20, (short)1), (22, (short)1), (32, (short)2), (34, (short)16) }) BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(at), value);
        "data"u8.CopyTo(file.AsSpan(36));
        for (var i = 0; i < Rate; i++) BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(44 + 2 * i), (short)(8_000 * Math.Sin(i / 3.0)));
        return file;
    }

    /// <summary>Pages with a line of text and an orange square each. It also has a script, which nobody may run.</summary>
    public static byte[] Pdf(string text, int pages)
    {
        var drawing = $"BT /F1 36 Tf 72 700 Td ({text}) Tj ET 1 0.5 0 rg 72 400 200 200 re f";
        List<string> objects =
        [
            "<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>",
            $"<</Type/Pages/Count {pages}/Kids[{string.Join(' ', Enumerable.Range(5, pages).Select(i => $"{i} 0 R"))}]>>",
            $"<</Length {drawing.Length}>>stream\n{drawing}\nendstream",
            "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ];
        objects.AddRange(Enumerable.Repeat("<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 3 0 R/Resources<</Font<</F1 4 0 R>>>>>>", pages));
        var file = new StringBuilder("%PDF-1.4\n");
        var places = new StringBuilder();
        foreach (var (i, content) in objects.Index())
        {
            places.Append(CultureInfo.InvariantCulture, $"{file.Length:0000000000} 00000 n \n");
            file.Append(CultureInfo.InvariantCulture, $"{i + 1} 0 obj\n{content}\nendobj\n");
        }

        var table = file.Length;
        file.Append(CultureInfo.InvariantCulture, $"xref\n0 {objects.Count + 1}\n0000000000 65535 f \n{places}trailer<</Size {objects.Count + 1}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF");
        return Encoding.Latin1.GetBytes(file.ToString());
    }
}
