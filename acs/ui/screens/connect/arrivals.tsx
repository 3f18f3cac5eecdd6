// The devices that have come last, as they come.
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { listDevices } from '../../api/devices.ts';
import { Age } from '../../components/age.tsx';
import { Empty } from '../../components/empty.tsx';
import { Liveness } from '../../components/liveness.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { hrefOf } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { openStream } from '../../state/stream.ts';
import { connect } from '../../words/en/connect.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('connect', connect);
const SHOWN = 8;
const FIELDS = 'id,serial,productClass,liveness,lastInform';

export function Arrivals(): JSX.Element {
  const found = useResource('arrivals', async signal =>
    listDevices({ filter: 'lastInform exists', sort: '-lastInform', fields: FIELDS, limit: SHOWN }, signal),
  );
  const { reload } = found;
  useEffect(() => openStream({ types: ['inform', 'enrolled', 'held'], query: { rate: 1 }, onEvent: reload }), [reload]);
  if (found.problem) return <ProblemNote problem={found.problem} at={found.at} onRetry={reload} />;
  const items = found.value?.items ?? [];
  if (items.length === 0) return <Empty title={words().waiting} text={words().waitingText} />;
  return (
    <table class="table">
      <tbody>
        {items.map(({ id = '', serial, productClass, liveness, lastInform }) => (
          <tr key={id}>
            <th scope="row">
              <a class="mono" href={hrefOf(`/devices/${encodeURIComponent(id)}/summary`)}>
                {serial}
              </a>
            </th>
            <td>{productClass}</td>
            <td>
              <Liveness of={liveness} />
            </td>
            <td class="num">{lastInform && <Age at={lastInform} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
