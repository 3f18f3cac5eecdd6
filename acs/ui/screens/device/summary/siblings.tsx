// The values that set a device apart from others of its product, or that devices with the same fault have in common.
import type { JSX } from 'preact';
import { siblingsOf } from '../../../api/device/device.ts';
import type { Device } from '../../../api/shapes.ts';
import { shareOf } from '../../../components/bars/bar.tsx';
import { Panel } from '../../../components/panel.tsx';
import { useResource } from '../../../state/resource.ts';
import { deviceSummary as english } from '../../../words/en/device/summary.ts';
import { textsOf } from '../../../words/texts.ts';
import { hrefOfFilter } from '../places.ts';

const words = textsOf('deviceSummary', english);

export function SiblingsPanel({ device: { id } }: { device: Device }): JSX.Element {
  const found = useResource(id, async signal => await siblingsOf(id, signal));
  const texts = words().siblings;
  const about = found.value?.about;
  const these = found.value?.these ?? 0;
  const title = about === undefined || these < 2 ? texts.alone : texts.together(these);
  return (
    <Panel
      title={title}
      class="c5"
      of={found}
      isBare
      aside={<span class="push small ink-3">{found.value && texts.against(found.value.against)}</span>}
    >
      {({ items }) =>
        items.length === 0 ? (
          <div class="body ink-2">{texts.none}</div>
        ) : (
          <table class="table stacks two">
            <thead>
              <tr>
                <th scope="col">{texts.field}</th>
                <th scope="col">{texts.these}</th>
                <th scope="col">{texts.others}</th>
              </tr>
            </thead>
            <tbody>
              {items.map(({ field, value, these, against, filter }) => (
                <tr key={`${field} ${value}`}>
                  <td class="mono wrap-any">{field}</td>
                  <td class="mono wrap-any" data-l={texts.these}>
                    {filter === undefined ? value : <a href={hrefOfFilter(filter)}>{value}</a>}{' '}
                    {these.of > 1 && <span class="ink-3 nowrap">{shareOf(these.n, these.of)}</span>}
                  </td>
                  <td data-l={texts.others}>
                    <span class="ink-3 nowrap">{shareOf(against.n, against.of)}</span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )
      }
    </Panel>
  );
}
