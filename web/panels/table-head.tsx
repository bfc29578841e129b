/**
 * table-head.tsx: the first row of a table: one word or two a column, numbers to the right, what only screen readers need hidden.
 */

/** A column of text; of numbers; one whose heading the eye can do without; false: not there. */
export type Column = string | { readonly number: string } | { readonly hidden: string } | false;

export function TableHead({ columns }: { readonly columns: readonly Column[] }) {
  return (
    <thead>
      <tr>
        {columns.map((column) => {
          if (column === false) return null;
          if (typeof column === "string") {
            return (
              <th scope="col" key={column}>
                {column}
              </th>
            );
          }
          if ("number" in column) {
            return (
              <th scope="col" class="number" key={column.number}>
                {column.number}
              </th>
            );
          }
          return (
            <th scope="col" key={column.hidden}>
              <span class="for-screen-readers">{column.hidden}</span>
            </th>
          );
        })}
      </tr>
    </thead>
  );
}
