// The TLS preflight: which connections the devices keep and lose after the change, and why.
import type { JSX } from 'preact';
import type { DryRun } from '../../../api/presets.ts';
import { presets } from '../../../words/en/presets.ts';
import { number } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';

const words = textsOf('presets', presets);

export function Links({ result: { preflight, matched } }: { result: DryRun }): JSX.Element | null {
  const links = Object.entries(preflight.totals);
  if (links.length === 0) return null;
  return (
    <section class="panel" aria-label={words().connections}>
      <header>
        <h2>{words().connections}</h2>
        <span class="push small ink-3">{words().devices(matched)}</span>
      </header>
      <table class="table stacks tls">
        <thead>
          <tr>
            <th scope="col">{words().link}</th>
            <th scope="col">{words().afterChange}</th>
            <th scope="col" class="num">
              {words().keeps}
            </th>
            <th scope="col" class="num">
              {words().loses}
            </th>
            <th scope="col" class="num">
              {words().unknown}
            </th>
          </tr>
        </thead>
        <tbody>
          {links.map(([link, totals]) => (
            <LinkRow key={link} link={link} totals={totals} />
          ))}
          <Reasons breaks={preflight.breaks} total={links.reduce((sum, [, { breaks }]) => sum + breaks, 0)} />
        </tbody>
      </table>
    </section>
  );
}

type Totals = DryRun['preflight']['totals'][string];

function LinkRow({ link, totals: { keeps, loses, unknown, breaks } }: { link: string; totals: Totals }): JSX.Element {
  return (
    <tr>
      <td>
        <b>{link}</b>
      </td>
      <td class="w">
        <div class="bar" role="img" aria-label={words().keepLose(keeps, loses, unknown)}>
          <Part kind="done" value={keeps} />
          <Part kind="failed" value={loses} />
          <Part kind="skipped" value={unknown} />
        </div>
      </td>
      <td data-l={words().keeps} class="num">
        {number(keeps)}
      </td>
      <td data-l={words().loses} class="num">
        <span class={breaks > 0 ? 'bad' : ''} title={words().haveItNow(breaks)}>
          {number(loses)}
        </span>
      </td>
      <td data-l={words().unknown} class="num ink-2">
        {number(unknown)}
      </td>
    </tr>
  );
}

const Part = ({ kind, value }: { kind: string; value: number }): JSX.Element => (
  <span class={kind} style={{ '--v': value }} {...(value === 0 ? { 'data-none': true } : {})} />
);

/** The reasons of those that lose a connection which they have now, the most frequent first. */
function Reasons({ breaks, total }: { breaks: DryRun['preflight']['breaks']; total: number }): JSX.Element | null {
  if (breaks.length === 0) return null;
  const groups = new Map<string, { count: number; link: string; reason: string; message: string }>();
  for (const { link, reason, message } of breaks) {
    const key = `${link} ${reason}`;
    const group = groups.get(key) ?? { count: 0, link, reason, message };
    groups.set(key, { ...group, count: group.count + 1 });
  }
  return (
    <tr>
      <td colSpan={5} class="small">
        {[...groups.values()]
          .sort((one, other) => other.count - one.count)
          .map(({ count, link, reason, message }) => (
            <p key={`${link} ${reason}`}>
              <span class="bad">{words().times(count, reason)}</span> {link}: {message}
            </p>
          ))}
        {breaks.length < total && <p class="ink-3">{words().ofTheFirst(breaks.length)}</p>}
      </td>
    </tr>
  );
}
