// The devices: found by a filter, in pages.
import type { JSX } from 'preact';
import { listDevices } from '../../api/devices.ts';
import { Age } from '../../components/age.tsx';
import { Liveness } from '../../components/liveness.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { hrefOf, place } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { devices } from '../../words/en/devices.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('devices', devices);
const FIELDS = 'id,serial,liveness,productClass,firmware,lastInform';

export function DevicesScreen(): JSX.Element {
  const filter = place.value.query.get('q') ?? undefined;
  const found = useResource(
    filter ?? '',
    async signal => await listDevices({ filter, fields: FIELDS, limit: 100, count: true }, signal),
    { keeps: true },
  );
  return (
    <>
      <div class="head">
        <div class="stack">
          <h1>{words().title(found.value?.total ?? 0)}</h1>
        </div>
      </div>
      {found.problem && <ProblemNote problem={found.problem} at={found.at} onRetry={found.reload} />}
      <div class="grid-box">
        <table class="grid">
          <thead>
            <tr>
              {Object.entries(words().columns).map(([name, text]) => (
                <th scope="col" key={name}>
                  {text}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(found.value?.items ?? []).map(({ id = '', serial, liveness, productClass, firmware, lastInform }) => (
              <tr key={id}>
                <th scope="row" class="pin">
                  <a class="mono" href={hrefOf(`/devices/${encodeURIComponent(id)}/summary`)}>
                    {serial}
                  </a>
                </th>
                <td>
                  <Liveness of={liveness} />
                </td>
                <td>
                  {productClass} <span class="mono ink-2">{firmware}</span>
                </td>
                <td class="num">{lastInform && <Age at={lastInform} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
