/**
 * bombs.ts: statements that would each take a machine for themselves: the worst that a reader could send if nothing else
 * stopped it. The bench of the engine throws eight at once, and so does its test.
 */

export interface Bomb {
  readonly name: string;
  readonly sql: string;
}

/** Each runs for minutes, or until a limit ends it. */
export const BOMBS: readonly Bomb[] = [
  { name: "endless hashing", sql: "SELECT count() FROM numbers_mt(1000000000000) WHERE NOT ignore(sipHash64(number))" },
  {
    name: "group by everything",
    sql: "SELECT count() FROM (SELECT number FROM numbers_mt(3000000000) GROUP BY number)",
  },
  {
    name: "sort of strings",
    sql: "SELECT max(s) FROM (SELECT toString(number) AS s FROM numbers_mt(2000000000) ORDER BY s)",
  },
  {
    name: "cross join",
    sql: "SELECT count() FROM numbers(1000000) AS a CROSS JOIN numbers(1000000) AS b WHERE NOT ignore(a.number * b.number)",
  },
  { name: "exact distinct", sql: "SELECT uniqExact(sipHash128(number)) FROM numbers_mt(3000000000)" },
  { name: "one array of all", sql: "SELECT length(groupArray(number)) FROM numbers_mt(5000000000)" },
  { name: "exact quantiles", sql: "SELECT quantilesExact(0.5, 0.99)(number) FROM numbers_mt(5000000000)" },
  {
    name: "hash join",
    sql: "SELECT count() FROM numbers_mt(1000000000) AS a INNER JOIN numbers_mt(1000000000) AS b ON a.number = b.number",
  },
];
