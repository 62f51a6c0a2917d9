namespace Hone.Evaluation.Reports;

/// <summary>The page's style: light and dark by the reader's setting, no outside fonts, colours that colour-blind readers can tell apart.</summary>
internal static class ReportStyle
{
    public const string Css = """
        :root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1b2330;--soft:#5a6677;--line:#dfe3e9;--grid:#e8ebf0;--link:#0b5cad;
        --good:#0a7a4b;--good-bg:#e3f5ec;--bad:#b3261e;--bad-bg:#fce8e6;--warn:#8a5a00;--warn-bg:#fdf1d8;
        --c0:#2563c9;--c1:#c2570c;--c2:#0a8f6b;--c3:#9b3fb5;--c4:#b38600;--c5:#c42f5a;--c6:#0e86a8;--c7:#6b7280}
        @media(prefers-color-scheme:dark){:root{--page:#10141b;--card:#181e28;--ink:#e6eaf1;--soft:#a3aebd;--line:#2c3543;--grid:#262e3a;--link:#7cb7ff;
        --good:#5fd39b;--good-bg:#12332a;--bad:#ff8f85;--bad-bg:#3d1f1f;--warn:#f0c060;--warn-bg:#3a2e14;
        --c0:#6ea8ff;--c1:#ff9d5c;--c2:#4fd1a5;--c3:#d48bea;--c4:#e6c04a;--c5:#ff7fa3;--c6:#58c7e6;--c7:#a5adba}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
        main,header,footer{max-width:960px;margin:0 auto;padding:0 20px}
        header{padding-top:40px;padding-bottom:4px}
        h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
        h2{font-size:21px;margin:44px 0 12px;padding-top:8px}
        h3{font-size:17px;margin:28px 0 8px}
        p{margin:0 0 12px;max-width:75ch}.sub,.about,footer,caption{color:var(--soft)}
        .sub{font-size:17px}.about{font-size:14px;margin:0 0 8px}
        a{color:var(--link)}a:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:4px}
        nav{margin:14px 0 0}nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:0;padding:0;font-size:14px}
        .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px;margin:20px 0}
        .fact{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 16px}
        .fact dt{font-size:13px;color:var(--soft)}.fact dd{margin:0;font-size:22px;font-weight:650;letter-spacing:-.01em;font-variant-numeric:tabular-nums}
        .fact dd small{display:block;font-size:13px;font-weight:400;color:var(--soft);letter-spacing:0}
        .fact.good dd{color:var(--good)}.fact.bad dd{color:var(--bad)}
        .note{border-radius:10px;padding:12px 16px;margin:16px 0;border:1px solid var(--line);background:var(--card)}
        .note.good{background:var(--good-bg);border-color:transparent}.note.bad{background:var(--bad-bg);border-color:transparent}.note.warn{background:var(--warn-bg);border-color:transparent}
        .note strong{display:block}.note.good strong{color:var(--good)}.note.bad strong{color:var(--bad)}.note.warn strong{color:var(--warn)}
        figure{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px 18px 12px;margin:18px 0}
        figcaption{font-weight:600;margin-bottom:2px}
        svg{display:block;width:100%;height:auto}svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--soft)}
        svg .axis{font-size:12.5px}svg .value{fill:var(--ink);font-weight:600;paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}.end{text-anchor:end}.mid{text-anchor:middle}
        .grid{stroke:var(--grid)}.base{stroke:var(--soft);stroke-opacity:.6}.whisker{stroke:var(--ink);stroke-width:1.4}
        .curve{fill:none;stroke-width:2.4;stroke-linejoin:round;stroke-linecap:round}.band{fill-opacity:.16;stroke:none}.dot{stroke:var(--card);stroke-width:1.5}
        .bar{fill-opacity:.92}.front{fill:none;stroke:var(--soft);stroke-width:1.6;stroke-dasharray:5 4}
        .c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}.c6{--c:var(--c6)}.c7{--c:var(--c7)}
        .curve{stroke:var(--c)}.band,.dot,.bar{fill:var(--c)}.key{background:var(--c)}
        .legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 16px;margin:4px 0 6px;padding:0;font-size:13.5px}
        .key{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:6px;vertical-align:-1px}
        .wide{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:14.5px;font-variant-numeric:tabular-nums}
        caption{text-align:left;padding:0 0 6px;font-size:14px}
        th,td{text-align:left;padding:7px 12px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}
        th{font-weight:600}td.number,th.number{text-align:right;padding-right:16px}td.number{white-space:nowrap}
        .table{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:10px 18px 6px;margin:16px 0}
        .table tbody tr:last-child td,.table tbody tr:last-child th{border-bottom:none}
        details{margin:8px 0}summary{cursor:pointer}.data>summary{font-size:13px;color:var(--soft)}
        .example{background:var(--card);border:1px solid var(--line);border-radius:10px;margin:8px 0}
        .example>summary{padding:10px 14px;display:flex;gap:10px;align-items:baseline}
        .example>summary::before{content:"▸";color:var(--soft)}.example[open]>summary::before{content:"▾"}
        .example>summary::-webkit-details-marker{display:none}
        .example .text{flex:1}.badge{font-size:12.5px;font-weight:600;border-radius:99px;padding:1px 10px;white-space:nowrap;background:var(--grid);color:var(--soft)}
        .badge.good{background:var(--good-bg);color:var(--good)}.badge.bad{background:var(--bad-bg);color:var(--bad)}.badge.warn{background:var(--warn-bg);color:var(--warn)}
        .parts{display:grid;grid-template-columns:repeat(auto-fit,minmax(260px,1fr));gap:4px 18px;padding:0 14px 12px}
        .parts h4{font-size:13px;color:var(--soft);margin:6px 0 4px;font-weight:600}
        pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font:13.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--page);border-radius:8px;padding:9px 12px}
        code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
        footer{margin-top:48px;padding-bottom:40px;font-size:13.5px}
        @media(max-width:600px){svg text,svg .axis{font-size:19px}}
        @media print{body{background:#fff}.fact,figure,.table,.example,.note{break-inside:avoid}}
        """;
}
