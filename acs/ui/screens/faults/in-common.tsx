// The values that the devices of a group have more often than others, the most significant first.
import type { JSX } from 'preact';
import { Fragment } from 'preact';
import type { CommonValue, InCommon } from '../../api/faults.ts';
import { CountBar } from '../../components/bars/count-bar.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { hrefOf } from '../../state/location.ts';
import type { Resource } from '../../state/resource.ts';
import { faults } from '../../words/en/faults/faults.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('faults', faults);
/** One in a hundred would be so by chance. */
const SIGNIFICANT = 2;
const SHOWN = 4;

export const isSignificant = ({ score }: CommonValue): boolean => score >= SIGNIFICANT;

const fieldText = (field: string): string =>
  Object.hasOwn(words().fields, field) ? words().fields[field as keyof typeof faults.fields] : field;

function Value({ item: { field, value, these, against, filter } }: { item: CommonValue }): JSX.Element {
  const share = these.of === 0 ? 0 : these.n / these.of;
  const other = against.of === 0 ? 0 : against.n / against.of;
  return (
    <Fragment>
      <CountBar
        label={
          <>
            {fieldText(field)} <b>{value}</b>
          </>
        }
        share={share}
        value={words().of(number(these.n), number(these.of))}
        tone="bad"
        href={filter === undefined ? undefined : hrefOf('/devices', { q: filter })}
      />
      <CountBar
        label={<span class="ink-2">{words().without}</span>}
        share={other}
        value={`${number(Math.round(other * 1000) / 10)} %`}
        tone="rest"
      />
    </Fragment>
  );
}

export function InCommonList({ of: { value, problem, reload } }: { of: Resource<InCommon> }): JSX.Element {
  if (problem && !value) return <ProblemNote problem={problem} onRetry={reload} />;
  if (!value) return <Skeleton rows={3} />;
  const others = number(value.against);
  const items = value.items.filter(isSignificant).slice(0, SHOWN);
  return (
    <div class="stack tight">
      <h2 class="w">
        {value.product === undefined ? words().inCommonAll(others) : words().inCommonProduct(others, value.product)}
      </h2>
      {value.against === 0 && <p class="ink-2">{words().noComparison}</p>}
      {value.against > 0 && items.length === 0 && <p class="ink-2">{words().nothingInCommon}</p>}
      {items.map(item => (
        <Value key={`${item.field} ${item.value}`} item={item} />
      ))}
    </div>
  );
}
