// The most frequent firmware of the most frequent products.
import type { JSX } from 'preact';
import { quotedText } from '../../../query/quote.ts';
import { countFirmware, type FirmwareCount } from '../../api/overview.ts';
import { CountBar } from '../../components/bars/count-bar.tsx';
import { Panel } from '../../components/panel.tsx';
import { hrefOf } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { overview } from '../../words/en/overview.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('overview', overview);
const EVERY_MS = 60_000;

const hrefFor = ({ product, firmware }: FirmwareCount): string =>
  hrefOf('/devices', { q: `productClass = ${quotedText(product)} and firmware = ${quotedText(firmware)}` });

export function FirmwarePanel(): JSX.Element {
  const found = useResource('firmware', countFirmware, { everyMs: EVERY_MS });
  return (
    <Panel
      title={words().products}
      of={found}
      rows={6}
      aside={found.value && <span class="push small ink-3">{words().devices(found.value.total)}</span>}
    >
      {({ total, items }) => {
        const others = total - items.reduce((sum, { count }) => sum + count, 0);
        const most = Math.max(1, others, ...items.map(({ count }) => count));
        return (
          <div class="stack tight">
            {items.map(item => (
              <CountBar
                key={`${item.product} ${item.firmware}`}
                href={hrefFor(item)}
                share={item.count / most}
                value={number(item.count)}
                label={
                  <>
                    {item.product} <span class="ink-3">{item.firmware || words().noFirmware}</span>
                  </>
                }
              />
            ))}
            {others > 0 && (
              <CountBar
                href={hrefOf('/devices')}
                share={others / most}
                value={number(others)}
                label={words().others}
                tone="rest"
              />
            )}
          </div>
        );
      }}
    </Panel>
  );
}
