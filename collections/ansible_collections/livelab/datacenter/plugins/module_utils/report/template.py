# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page, as a Jinja template. It is in a Python file because Ansible sends a module no other."""

TEMPLATE = """\
{%- macro chart(name, number, title, words) -%}
{%- if name in charts %}
<figure>
  <figcaption><h3>{% if number %}Graph {{ number }} &ndash; {% endif %}{{ title }}</h3><p>{{ words }}</p></figcaption>
  <div class="chart">
    <div class="wide">{{ charts[name].wide }}</div>
    <div class="narrow">{{ charts[name].narrow }}</div>
  </div>
</figure>
{%- else %}
<figure>
  <figcaption><h3>Graph {{ number }} &ndash; {{ title }}</h3><p>There is no data for this graph.</p></figcaption>
</figure>
{%- endif %}
{%- endmacro -%}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<link rel="icon" href="data:,">
<style>{{ style }}</style>
</head>
<body>
<header>
  <h1>{{ title }}</h1>
  <p class="lead">{{ lead }}</p>
  <p class="quiet">{{ vm }} · {{ hosts | join(" ⇄ ") }} · {{ when }}</p>
  <dl class="figures">
    {%- for figure in figures %}
    <div><dt>{{ figure.name }}</dt><dd>{{ figure.value }}<small>{{ figure.note }}</small></dd></div>
    {%- endfor %}
  </dl>
</header>
<main>
<section aria-labelledby="graphs">
<h2 id="graphs">What the hosts did</h2>
<p>The thesis measures one of the two hosts. Here that is <b>{{ measured_host }}</b>: it receives the machine in
migrations 1 and 3 and sends it in 2 and 4. The grey bars with numbers are the migrations
{%- if stressed %}; the tinted stretch is the time under stress, when a program in the machine writes random data into
its memory without end{% endif %}. Each value is the average of {{ interval }} s.</p>
{{ chart("cpu", "5.1", "CPU usage", "MHz, average, of each host.") }}
{{ chart("memory", "5.2", "Memory consumed", "Average, of each host. 1 MB is 1024 KB.") }}
{{ chart("both", "5.3", "CPU and memory, one over the other", "Of " ~ measured_host ~ ".") }}
{{ chart("durations", "5.4", "How long each migration took",
  "Seen from " ~ measured_host ~ ". Hatched: under stress.") }}
</section>

<section aria-labelledby="migrations">
<h2 id="migrations">The migrations, phase by phase</h2>
<p>Pre-copy sends the memory while the machine goes on running, until what is left can be sent at once; in the switch-over
that is sent, and the machine goes on at the other host. It stands for the better part of it.</p>
<div class="scroll"><table class="stack">
<thead><tr>
{%- for head in ("Migration", "From", "To", "Start") %}<th scope="col">{{ head }}</th>{% endfor %}
{%- for head in ("Took", "Pre-copy", "Left", "Switch-over", "Stood") %}<th scope="col" class="number">{{ head }}</th>
{%- endfor %}</tr></thead>
<tbody>
{%- for row in rows %}
<tr><td data-label="Migration">{{ row.number }}, {{ row.load }}</td>
<td data-label="From">{{ row.source }}</td>
<td data-label="To">{{ row.target }}</td>
<td data-label="Start">{{ row.start }}</td>
<td class="number" data-label="Took">{{ row.took }}</td>
<td class="number" data-label="Pre-copy">{{ row.precopy }}</td>
<td class="number" data-label="Left">{{ row.left }}</td>
<td class="number" data-label="Switch-over">{{ row.switchover }}</td>
<td class="number" data-label="Stood">{{ row.stood }}</td></tr>
{%- endfor %}
</tbody></table></div>
{%- if phases_note %}<p class="quiet">{{ phases_note }}</p>{% endif %}
</section>

<section aria-labelledby="stream">
<h2 id="stream">The film that played meanwhile</h2>
<p>{{ stream_words }}</p>
{%- if "stream" in charts %}
{{ chart("stream", "", "What the viewer received",
  "Each second. Dashed: the rate of the film. Red: the film stood still.") }}
{%- endif %}
{%- if stalls %}
<div class="scroll"><table>
<thead><tr><th scope="col">Stall</th><th scope="col">At</th><th scope="col" class="number">Length</th></tr></thead>
<tbody>
{%- for stall in stalls %}
<tr><td>{{ loop.index }}</td><td>{{ stall.at }}</td><td class="number">{{ stall.length }}</td></tr>
{%- endfor %}
</tbody></table></div>
{%- endif %}
</section>

<section aria-labelledby="findings">
<h2 id="findings">The thesis's findings, held against this measurement</h2>
<ul class="findings">
{%- for finding in findings %}
<li><span><span class="tag {{ finding.verdict }}">{{ finding.word }}</span></span>
<div><b>{{ finding.claim }}</b><p>{{ finding.evidence }}</p></div></li>
{%- endfor %}
</ul>
</section>

<section aria-labelledby="provenance">
<h2 id="provenance">What was real and what was not</h2>
{%- if provenance %}
<div class="scroll"><table class="stack">
<thead><tr><th scope="col">What</th><th scope="col">How</th><th scope="col">Note</th></tr></thead>
<tbody>
{%- for origin in provenance %}
<tr><td data-label="What">{{ origin.what }}</td>
<td data-label="How"><span class="tag {{ origin.how }}">{{ origin.how }}</span></td>
<td data-label="Note">{{ origin.note }}</td></tr>
{%- endfor %}
</tbody></table></div>
{%- else %}
<p>The data says nothing about it.</p>
{%- endif %}
</section>

<section aria-labelledby="data">
<h2 id="data">The data</h2>
<ul class="downloads">{% for file in files %}<li><a href="{{ file }}">{{ file }}</a></li>{% endfor %}</ul>
</section>
</main>
<footer><p>The measurement of chapter 5 of &ldquo;vMotion. Migración en Caliente&rdquo; (S. Macías Sánchez, Universidad de Málaga,
2016), repeated. Times are UTC.</p></footer>
</body>
</html>
"""
