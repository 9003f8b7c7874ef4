import { Box, Card, Group, Skeleton, Table, Text, Title } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { useState } from 'react'
import { exact } from './When.tsx'

/** What is plotted: null is where nothing is known, which is drawn as a gap. */
export interface Line {
  name: string
  color: string
  values: (number | null)[]
}

interface PlotProps {
  title: string
  /** What the plot says, in a sentence. */
  says: string
  at: string[]
  lines: Line[]
  format: (value: number) => string
}

const height = 190
const margin = { left: 62, right: 12, top: 10, bottom: 24 }

/** A round number that is no less. */
function ceiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)))
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= value) ?? 10) * power
}

const time = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const date = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric' })

/** Lines over time, with the sentence that they say and the same numbers as a table. */
export function Plot({ title, says, at, lines, format }: PlotProps) {
  const shown = lines.filter(({ values }) => values.some((value) => value !== null))
  return (
    <Card>
      <Title order={2}>{title}</Title>
      <Text size="sm" c="dimmed" mb="sm">
        {says}
      </Text>
      {shown.length === 0 ? (
        <Box h={height} className="blank">
          <Text size="sm" c="dimmed">
            Nothing has been counted yet.
          </Text>
        </Box>
      ) : (
        <Drawing says={says} at={at} lines={shown} format={format} />
      )}
      <Group gap="md" mt="xs" mih={20}>
        {shown.map(({ name, color }) => (
          <Group gap={6} key={name}>
            <span className="swatch" style={{ background: color }} />
            <Text size="xs">{name}</Text>
          </Group>
        ))}
      </Group>
      {shown.length > 0 && <Numbers at={at} lines={shown} format={format} title={title} />}
    </Card>
  )
}

type DrawingProps = Omit<PlotProps, 'title'>

function Drawing({ says, at, lines, format }: DrawingProps) {
  const { ref, width } = useElementSize()
  const [pointed, setPointed] = useState<number>()
  const top = ceiling(Math.max(...lines.flatMap(({ values }) => values.map((value) => value ?? 0))) || 1)
  const inner = Math.max(width - margin.left - margin.right, 1)
  const x = (index: number) => margin.left + (at.length > 1 ? (index / (at.length - 1)) * inner : inner / 2)
  const y = (value: number) => margin.top + (1 - value / top) * (height - margin.top - margin.bottom)
  const span = Date.parse(at.at(-1) ?? '') - Date.parse(at[0] ?? '')
  const label = (index: number) => (span > 172_800_000 ? date : time).format(new Date(at[index] ?? 0))
  const ticks = [0, 1, 2, 3].map((part) => Math.round((part / 3) * (at.length - 1)))
  return (
    // Drawn when its width is known, in the room that it will take.
    <Box ref={ref} pos="relative" mih={height} opacity={width === 0 ? 0 : 1}>
      <svg
        role="img"
        aria-label={says}
        width="100%"
        height={height}
        onPointerLeave={() => setPointed(undefined)}
        onPointerMove={({ currentTarget, clientX }) => {
          const share = (clientX - currentTarget.getBoundingClientRect().left - margin.left) / inner
          setPointed(Math.min(Math.max(Math.round(share * (at.length - 1)), 0), at.length - 1))
        }}
      >
        {[0, 0.5, 1].map((part) => (
          <g key={part}>
            <line
              className="rule"
              x1={margin.left}
              x2={width - margin.right}
              y1={y(part * top)}
              y2={y(part * top)}
            />
            <text className="tick" x={margin.left - 8} y={y(part * top) + 4} textAnchor="end">
              {format(part * top)}
            </text>
          </g>
        ))}
        {[...new Set(ticks)].map((index, place, all) => (
          <text
            key={index}
            className="tick"
            x={x(index)}
            y={height - 6}
            textAnchor={
              all.length === 1
                ? 'middle'
                : place === 0
                  ? 'start'
                  : place === all.length - 1
                    ? 'end'
                    : 'middle'
            }
          >
            {label(index)}
          </text>
        ))}
        {pointed !== undefined && (
          <line
            className="rule"
            x1={x(pointed)}
            x2={x(pointed)}
            y1={margin.top}
            y2={height - margin.bottom}
          />
        )}
        {lines.map(({ name, color, values }) => (
          <g key={name} style={{ stroke: color, fill: color }}>
            <path className="line" d={pathOf(values, x, y)} />
            {values.map((value, index) =>
              value !== null &&
              (index === pointed ||
                ((values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null)) ? (
                <circle key={index} cx={x(index)} cy={y(value)} r={3} />
              ) : null
            )}
          </g>
        ))}
      </svg>
      {pointed !== undefined && (
        <Box
          className="tip"
          style={x(pointed) > width / 2 ? { right: width - x(pointed) + 10 } : { left: x(pointed) + 10 }}
        >
          <Text size="xs" c="dimmed">
            {exact(at[pointed] ?? '')}
          </Text>
          {lines.map(({ name, values }) => (
            <Text size="xs" key={name}>
              {name}: {values[pointed] === null ? '–' : format(values[pointed] ?? 0)}
            </Text>
          ))}
        </Box>
      )}
    </Box>
  )
}

/** The path of a line, begun anew behind each gap. */
function pathOf(
  values: (number | null)[],
  x: (index: number) => number,
  y: (value: number) => number
): string {
  let isDrawing = false
  return values
    .map((value, index) => {
      if (value === null) {
        isDrawing = false
        return ''
      }
      const step = `${isDrawing ? 'L' : 'M'}${x(index).toFixed(1)} ${y(value).toFixed(1)}`
      isDrawing = true
      return step
    })
    .join('')
}

/** The newest points as a table: what a plot says to whoever does not see it. */
function Numbers({ title, at, lines, format }: Omit<PlotProps, 'says'>) {
  const [isOpen, setOpen] = useState(false)
  const known = at
    .map((instant, index) => ({ instant, values: lines.map(({ values }) => values[index] ?? null) }))
    .filter(({ values }) => values.some((value) => value !== null))
    .slice(-100)
    .reverse()
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>As a table</summary>
      {isOpen && (
        <div className="scrolls" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
          <Table verticalSpacing={4} horizontalSpacing="xs" fz="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>When</Table.Th>
                {lines.map(({ name }) => (
                  <Table.Th key={name}>{name}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {known.map(({ instant, values }) => (
                <Table.Tr key={instant}>
                  <Table.Td>{exact(instant)}</Table.Td>
                  {values.map((value, index) => (
                    <Table.Td key={lines[index]?.name}>{value === null ? '–' : format(value)}</Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </details>
  )
}

/** The room of a plot that is being read. */
export const PlotSkeleton = () => <Skeleton height={330} radius="md" />
