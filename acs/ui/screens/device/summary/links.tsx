// The preflight of the TLS links: will the device keep its connections, as things stand.
import type { JSX } from 'preact';
import { urlOf } from '../../../api/call.ts';
import { type Link, linksOf } from '../../../api/device/device.ts';
import { devicePath } from '../../../api/devices.ts';
import { Panel } from '../../../components/panel.tsx';
import { useReload } from '../../../state/device-line.ts';
import { useResource } from '../../../state/resource.ts';
import { may } from '../../../state/session.ts';
import { deviceSummary as english } from '../../../words/en/device/summary.ts';
import { textsOf } from '../../../words/texts.ts';
import type { TabProps } from '../props.ts';

const words = textsOf('deviceSummary', english);
const tones = { keeps: 'ok', loses: 'fail', unknown: 'odd' } as const;

export function LinksPanel({ device: { id }, line }: TabProps): JSX.Element | null {
  const isAllowed = may('preflightDevice');
  const links = useResource(isAllowed ? id : undefined, async signal => await linksOf(id, signal));
  useReload(line, ['session', 'task'], links.reload);
  const texts = words().links;
  if (!isAllowed) return null;
  return (
    <Panel
      title={texts.title}
      class="c7"
      of={links}
      isBare
      aside={
        <span class="push small ink-3">
          {texts.now} <a href={urlOf(devicePath(id, '/preflight'))}>{texts.source}</a>
        </span>
      }
    >
      {list =>
        list.length === 0 ? (
          <div class="body ink-2">{texts.none}</div>
        ) : (
          <table class="table stacks links">
            <thead>
              <tr>
                <th scope="col">{texts.link}</th>
                <th scope="col">{texts.server}</th>
                <th scope="col">{texts.verdict}</th>
                <th scope="col">{texts.because}</th>
              </tr>
            </thead>
            <tbody>
              {list.map(each => (
                <LinkRow key={`${each.link} ${each.server}`} of={each} />
              ))}
            </tbody>
          </table>
        )
      }
    </Panel>
  );
}

function LinkRow({ of: { link, server, after, assumed } }: { of: Link }): JSX.Element {
  const verdict = after?.verdict ?? 'unknown';
  return (
    <tr>
      <td>{link}</td>
      <td class="mono wrap-any">{server}</td>
      <td>
        <span class={`st ${tones[verdict]}`}>{words().links.verdicts[verdict]}</span>
      </td>
      <td class="ink-2">
        {after?.reason && <span class="mono">{after.reason}</span>} {after?.message}{' '}
        {[after?.version, after?.suite].filter(Boolean).join(', ')}
        {assumed.length > 0 && <span class="ink-3"> {words().links.assumed(assumed.length)}</span>}
      </td>
    </tr>
  );
}
