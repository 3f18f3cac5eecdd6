// The list of what needs someone, the worst first. Digits open its entries.
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { Attention } from '../../api/overview.ts';
import { Age } from '../../components/age.tsx';
import { Panel } from '../../components/panel.tsx';
import { useShortcuts } from '../../state/keys.ts';
import { go, hrefOf } from '../../state/location.ts';
import type { Resource } from '../../state/resource.ts';
import { overview } from '../../words/en/overview.ts';
import { causeText, faultName } from '../../words/fault-texts.ts';
import { number, timeOfDay } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('overview', overview);
const KEYS = 7;

interface Told {
  tone: string;
  kind: string;
  title: string;
  text: string;
  href: string;
}

/** An entry in the words of the reader's language, with its place. */
function toldOf({ kind, count, filter, name = '', facts = {} }: Attention): Told {
  const { kinds, ...w } = words();
  const devices = hrefOf('/devices', { q: filter });
  const { severity = 'warning', code = '', cause, limit, reason, pausedBy } = facts;
  switch (kind) {
    case 'alert': {
      const rank = severity === 'critical' || severity === 'info' ? severity : 'warning';
      const tone = { critical: 'bad', warning: 'warn', info: 'idle' }[rank];
      return { tone, kind: kinds[rank], title: w.alertFires(name, count), text: filter ?? '', href: devices };
    }
    case 'fault': {
      const text = cause === undefined ? w.faultCode(code) : w.faultBy(code, causeText(cause));
      const href = hrefOf('/faults', { q: filter });
      return { tone: 'fail', kind: kinds.fault, title: w.faultOn(faultName(code), count), text, href };
    }
    case 'rollout': {
      const title = limit === undefined ? w.rolloutPaused(name) : w.rolloutNear(name, number(count), number(limit));
      const paused = pausedBy === undefined ? (reason ?? w.rolloutFailed(count)) : w.rolloutPausedBy(pausedBy);
      const text = limit === undefined ? paused : w.rolloutLimit(number(limit));
      return { tone: 'warn', kind: kinds.rollout, title, text, href: hrefOf(`/rollouts/${encodeURIComponent(name)}`) };
    }
    case 'certificate':
      return {
        ...{ tone: 'warn', kind: kinds.certificate, title: w.certificatesEnd(count) },
        ...{ text: w.certificatesAbout, href: devices },
      };
    case 'held':
      return {
        ...{ tone: 'held', kind: kinds.held, title: w.heldDevices(count), text: w.heldAbout },
        href: hrefOf('/enrolment/held'),
      };
    case 'webhook':
      return {
        ...{ tone: 'warn', kind: kinds.webhook, title: w.webhookDead(name, count), text: w.webhookAbout },
        href: hrefOf('/alerts'),
      };
    default:
      return {
        ...{ tone: 'idle', kind: kinds['never-came'], title: w.neverCame(count), text: w.neverCameAbout },
        href: devices,
      };
  }
}

export function AttentionPanel({ of }: { of: Resource<Attention[]> }): JSX.Element {
  const told = (of.value ?? []).map(entry => ({ ...toldOf(entry), since: entry.since }));
  const emptySince = useRef<number | undefined>(undefined);
  if (told.length > 0) emptySince.current = undefined;
  else if (of.value) emptySince.current ??= of.at;
  useShortcuts(
    Array.from({ length: KEYS }, (_, at) => ({
      keys: String(at + 1),
      ...(told[at] ? { label: words().openKey(String(at + 1)) } : {}),
      run: () => {
        const href = told[at]?.href;
        if (href !== undefined) go(href);
      },
    })),
  );
  return (
    <Panel
      title={words().needs}
      of={of}
      class="c7"
      rows={7}
      isBare
      aside={told.length > 1 && <span class="push small ink-3">{words().worstFirst}</span>}
    >
      {() =>
        told.length === 0 ? (
          <p class="body">
            <span class="st ok" /> {words().nothing(timeOfDay(emptySince.current ?? of.at ?? 0))}
          </p>
        ) : (
          <ol class="todo">
            {told.map(({ tone, kind, title, text, href, since }) => (
              <li key={`${kind} ${href}`}>
                <span class={`st ${tone}`}>{kind}</span>
                <div>
                  <h3>
                    <a href={href}>{title}</a>
                  </h3>
                  <p class="wrap-any">{text}</p>
                </div>
                {since === undefined ? <span /> : <Age at={since} />}
              </li>
            ))}
          </ol>
        )
      }
    </Panel>
  );
}
