// One entry of the audit: all that is known of the call, and what it has changed.
import type { JSX } from 'preact';
import type { AuditEntry } from '../../api/administration/audit.ts';
import { Pair } from '../../components/records/pair.tsx';
import { SideDrawer } from '../../components/records/side-drawer.tsx';
import { hrefOf } from '../../state/location.ts';
import { audit } from '../../words/en/audit.ts';
import { dateTime, number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('audit', audit);

export function EntryDrawer({ entry, onClose }: { entry: AuditEntry; onClose: () => void }): JSX.Element {
  const { what, time, who, kind = '', from, status, code, reason, seq, suppressed } = entry;
  return (
    <SideDrawer title={what} onClose={onClose}>
      <dl class="kv">
        <Pair name={words().columns.time}>
          <span title={time}>{dateTime(time)}</span>
        </Pair>
        <Pair name={words().who}>
          {who} <span class="ink-3">{words().kinds[kind] ?? kind}</span>
        </Pair>
        {from !== undefined && (
          <Pair name={words().columns.from}>
            <span class="mono">{from}</span>
          </Pair>
        )}
        <Pair name={words().target}>
          <Target entry={entry} />
        </Pair>
        <Pair name={words().outcome}>{status < 400 ? words().done : words().refused(status)}</Pair>
        {code !== undefined && (
          <Pair name={words().code}>
            <span class="mono">{code}</span>
          </Pair>
        )}
        {reason !== undefined && <Pair name={words().reason}>{reason}</Pair>}
        {seq !== undefined && <Pair name={words().seq}>{number(seq)}</Pair>}
        {suppressed !== undefined && <Pair name={words().suppressed}>{number(suppressed)}</Pair>}
      </dl>
      <Change entry={entry} />
    </SideDrawer>
  );
}

/** The page of what a call was about, by the end of its name. */
const pages: readonly (readonly [end: string, path: (target: string) => string])[] = [
  ['Preset', target => hrefOf(`/presets/${target}`)],
  ['Rollout', target => hrefOf(`/rollouts/${target}`)],
  ['Job', target => hrefOf(`/rollouts/${target}`)],
  ['File', target => hrefOf('/files', { at: decodeURIComponent(target) })],
  ['Alert', target => hrefOf('/alerts', { at: decodeURIComponent(target) })],
  ['Webhook', target => hrefOf('/alerts/webhooks', { at: decodeURIComponent(target) })],
  ['Rule', () => hrefOf('/enrolment/rules')],
  ['User', target => hrefOf('/admin/users', { at: decodeURIComponent(target) })],
  ['Token', () => hrefOf('/admin/tokens')],
  ['Role', target => hrefOf('/admin/roles', { at: decodeURIComponent(target) })],
];
/** Ids of devices begin with their OUI. */
const DEVICE = /^[0-9A-F]{6}-/;

function Target({ entry: { what, target } }: { entry: AuditEntry }): JSX.Element {
  const encoded = encodeURIComponent(target);
  const page = pages.find(([end]) => what.endsWith(end));
  const href = page?.[1](encoded) ?? (DEVICE.test(target) ? hrefOf(`/devices/${encoded}/summary`) : undefined);
  if (href === undefined || target === '') return <span class="mono wrap-any">{target}</span>;
  return (
    <a class="mono wrap-any" href={href}>
      {target}
    </a>
  );
}

function Change({ entry: { before = {}, after = {} } }: { entry: AuditEntry }): JSX.Element {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  if (fields.length === 0) return <p class="ink-3">{words().noChange}</p>;
  return (
    <section class="stack tight" aria-label={words().change}>
      <h3>{words().change}</h3>
      <dl class="stack tight small">
        {fields.map(field => (
          <div key={field}>
            <dt class="ink-3 wrap-any">{field}</dt>
            {field in before && (
              <dd>
                <del class="mono wrap-any">{shown(before[field])}</del>
              </dd>
            )}
            {field in after && (
              <dd>
                <ins class="mono wrap-any">{shown(after[field])}</ins>
              </dd>
            )}
          </div>
        ))}
      </dl>
    </section>
  );
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
