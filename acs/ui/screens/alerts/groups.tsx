// Groups of devices over the limit of an alert, each with its number and an example.
import type { JSX } from 'preact';
import type { AlertGroup } from '../../api/administration/alerts.ts';
import { hrefOf } from '../../state/location.ts';
import { alerts } from '../../words/en/alerts.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('alerts', alerts);

export const Groups = ({ groups, omitted }: { groups: readonly AlertGroup[]; omitted: number }): JSX.Element => (
  <div class="stack tight">
    <table class="table flush" aria-label={words().groups}>
      <thead>
        <tr>
          <th scope="col">{words().group}</th>
          <th scope="col">{words().examples}</th>
          <th scope="col" class="num">
            {words().columns.count}
          </th>
        </tr>
      </thead>
      <tbody>
        {groups.map(({ key, count, total, samples }) => (
          <tr key={key}>
            <td class="wrap-any">{key === '' ? words().noGroup : key}</td>
            <td class="wrap-any">
              {samples.slice(0, 1).map(id => (
                <a class="mono" key={id} href={hrefOf(`/devices/${encodeURIComponent(id)}/summary`)}>
                  {id}
                </a>
              ))}
            </td>
            <td class="num">{total > 0 ? words().ofTotal(count, total) : number(count)}</td>
          </tr>
        ))}
      </tbody>
    </table>
    {omitted > 0 && <p class="small ink-3">{words().omitted(omitted)}</p>}
  </div>
);
