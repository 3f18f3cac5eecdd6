// The liveness of all devices in one bar.
import type { JSX } from 'preact';
import type { Summary } from '../../api/shapes.ts';
import { Bar, Legend, type Part } from '../../components/bars/bar.tsx';
import { now } from '../../state/clock.ts';
import { hrefOf } from '../../state/location.ts';
import { overview } from '../../words/en/overview.ts';
import { number, span } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('overview', overview);

export function LivenessPanel({ counts: { liveness, countedAt } }: { counts: Summary }): JSX.Element {
  const { online = 0, late = 0, lost = 0, never = 0 } = liveness;
  const part = (tone: Part['tone'], label: string, count: number, q: string): Part => ({
    ...{ tone, label, count },
    href: hrefOf('/devices', { q }),
  });
  const parts = [
    part('done', words().online, online, 'online'),
    part('lateseg', words().late, late, 'late'),
    part('failed', words().lost, lost, 'lost'),
    ...(never > 0 ? [part('waiting', words().never, never, 'not lastInform exists')] : []),
  ];
  const age = span(now.value - new Date(countedAt).getTime());
  return (
    <section class="panel" aria-label={words().liveness}>
      <div class="body stack">
        <Bar parts={parts} size="thick" />
        <Legend
          parts={parts}
          isCounted
          note={<span class="push ink-3 notphone">{words().ofAll(number(online + late + lost + never), age)}</span>}
        />
      </div>
    </section>
  );
}
