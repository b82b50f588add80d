# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page's style: light and dark, a phone, paper."""

# Colours that people with any colour vision can tell apart (Okabe and Ito's palette, darkened for contrast on white).
STYLE = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --sheet: #f5f7f9; --ink: #17202a; --quiet: #566370; --grid: #dde3e8;
  --first: #0b62a8; --second: #c25700; --move: #3b4a59; --stress: #b8860b; --memory: #0a7a5c; --bad: #b3261e;
  --good: #146c43; --good-sheet: #e6f4ec; --warn: #8a4b00; --warn-sheet: #fdf0dc; --unknown-sheet: #eceff2;
}
@media (prefers-color-scheme: dark) { :root {
  --paper: #12181f; --sheet: #1a222b; --ink: #e8edf2; --quiet: #9fb0c0; --grid: #2c3844;
  --first: #5cb3ff; --second: #ff9d4d; --move: #aebdcb; --stress: #e0b13c; --memory: #4fd1a5; --bad: #ff8a80;
  --good: #7fdcae; --good-sheet: #14301f; --warn: #f3c277; --warn-sheet: #3a2a10; --unknown-sheet: #232d37;
} }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.5;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
main, header, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1 { font-size: clamp(1.6rem, 4.5vw, 2.3rem); line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.01em; }
h2 { font-size: 1.35rem; margin: 3rem 0 .75rem; line-height: 1.25; }
h3 { font-size: 1.05rem; margin: 0 0 .15rem; }
p { margin: .5rem 0; max-width: 46rem; }
.lead { font-size: 1.12rem; }
.quiet { color: var(--quiet); }
a { color: var(--first); }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--first); outline-offset: 2px; border-radius: 2px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(11.5rem, 1fr)); gap: .75rem; margin: 1.5rem 0;
  padding: 0; }
.figures > div { background: var(--sheet); border-radius: .6rem; padding: .9rem 1rem; }
.figures dt { color: var(--quiet); font-size: .88rem; }
.figures dd { margin: 0; font-size: 1.6rem; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.figures dd small { display: block; font-size: .85rem; font-weight: 400; color: var(--quiet); }
figure { margin: 1.75rem 0 2.5rem; }
figcaption { margin-bottom: .6rem; }
figcaption p { margin: 0; color: var(--quiet); }
.chart { display: block; width: 100%; }
.chart svg { display: block; width: 100%; height: auto; font-family: inherit;
  stroke-linejoin: round; stroke-linecap: butt; }
.chart .narrow { display: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .95rem; }
th, td { text-align: left; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--grid); vertical-align: top; }
thead th { color: var(--quiet); font-weight: 600; font-size: .85rem; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; }
.tag { display: inline-block; padding: .1rem .55rem; border-radius: 1rem; font-size: .85rem; font-weight: 600;
  white-space: nowrap; background: var(--unknown-sheet); color: var(--ink); }
.tag.holds, .tag.real, .tag.measured { background: var(--good-sheet); color: var(--good); }
.tag.fails, .tag.stand-in { background: var(--warn-sheet); color: var(--warn); }
.findings { list-style: none; padding: 0; margin: 0; }
.findings li { display: grid; grid-template-columns: 10rem 1fr; gap: .25rem 1rem; padding: .85rem 0;
  border-bottom: 1px solid var(--grid); }
.findings p { margin: .15rem 0 0; color: var(--quiet); }
.downloads { display: flex; flex-wrap: wrap; gap: .4rem 1.25rem; padding: 0; list-style: none; }
footer { padding-bottom: 3rem; margin-top: 3rem; color: var(--quiet); font-size: .9rem; }
@media (max-width: 40rem) {
  .chart .wide { display: none; }
  .chart .narrow { display: block; }
  .findings li { grid-template-columns: 1fr; }
  .figures { grid-template-columns: 1fr 1fr; }
  .figures dd { font-size: 1.3rem; }
  .stack thead { position: absolute; clip-path: inset(50%); }
  .stack tr { display: block; padding: .6rem 0; border-bottom: 1px solid var(--grid); }
  .stack td { display: flex; justify-content: space-between; gap: 1rem; border: 0; padding: .12rem 0;
    text-align: right; white-space: normal; }
  .stack td::before { content: attr(data-label); color: var(--quiet); font-size: .85rem; text-align: left; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --sheet: #f5f7f9; --ink: #000; --quiet: #444; --grid: #ccc;
    --first: #0b62a8; --second: #c25700; --move: #3b4a59; --stress: #b8860b; --memory: #0a7a5c; --bad: #b3261e;
    --good: #146c43; --good-sheet: #e6f4ec; --warn: #8a4b00; --warn-sheet: #fdf0dc; --unknown-sheet: #eceff2; }
  body { font-size: 10.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2 { break-after: avoid; margin-top: 1.5rem; }
  figure, tr, .findings li, .figures > div { break-inside: avoid; }
  figure { margin: 1rem 0 1.25rem; }
  .figures { grid-template-columns: repeat(4, 1fr); }
  .figures dd { font-size: 1.25rem; }
  .scroll { overflow: visible; }
  table { font-size: 8.5pt; }
  th, td { padding-right: .4rem; }
  .downloads a { color: inherit; text-decoration: none; }
}
@page { margin: 16mm 14mm; }
"""
