/*
 * A browser that translates a page replaces its text nodes with elements, while React keeps the nodes that it made. When
 * React changes such a text, nothing is seen; when it removes one, or puts an element before one, it throws. An element
 * that holds a text and nothing else is safe, because React then sets the text of the element.
 */

/** @type {import("eslint").Rule.RuleModule} */
const rule = {
  meta: {
    type: "problem",
    schema: [
      {
        type: "object",
        properties: {
          // Names of properties that hold elements: they may stand beside others if nothing else changes.
          slots: { type: "array", items: { type: "string" } },
        },
        additionalProperties: false,
      },
    ],
    defaultOptions: [{ slots: ["children"] }],
    messages: {
      beside: "Text beside an expression breaks in a browser that translates the page: give it an element of its own.",
      bare: "Text of a fragment breaks in a browser that translates the page: give it an element of its own.",
    },
  },
  create(context) {
    const [{ slots }] = context.options;
    const check = (node) => {
      const children = node.children.filter((child) => !isNothing(child));
      const expressions = children.filter(isExpression);
      const isSlot = (child) =>
        isExpression(child) && slots.includes(child.expression.name) && expressions.length === 1;
      for (const child of children) {
        if (!mayBeText(child) || isSlot(child)) continue;
        if (node.type === "JSXFragment" && isLiteral(child)) context.report({ node: child, messageId: "bare" });
        else if (children.length > 1 && expressions.length > 0) context.report({ node: child, messageId: "beside" });
      }
    };
    return { JSXElement: check, JSXFragment: check };
  },
};

/** Whether a child renders nothing at all, or only the space between two others. */
function isNothing(child) {
  if (child.type === "JSXText") return child.value.trim() === "";
  if (child.type !== "JSXExpressionContainer") return false;
  const { type, value } = child.expression;
  return type === "JSXEmptyExpression" || (type === "Literal" && String(value).trim() === "");
}

/** Whether a child is text that stays as it is. */
function isLiteral(child) {
  return child.type === "JSXText" || (child.type === "JSXExpressionContainer" && child.expression.type === "Literal");
}

/** Whether a child may come, go or change. */
function isExpression(child) {
  return child.type === "JSXExpressionContainer" && !isLiteral(child);
}

function mayBeText(child) {
  return isLiteral(child) || (child.type === "JSXExpressionContainer" && !isElement(child.expression));
}

/** Whether an expression gives elements or nothing, as far as its form tells. */
function isElement(node) {
  switch (node.type) {
    case "JSXElement":
    case "JSXFragment":
      return true;
    case "Literal":
      return node.value === null || typeof node.value === "boolean";
    case "LogicalExpression":
      return isElement(node.right) && (node.operator === "&&" || isElement(node.left));
    case "ConditionalExpression":
      return isElement(node.consequent) && isElement(node.alternate);
    case "CallExpression":
      return node.callee.property?.name === "map" && isElementFunction(node.arguments[0]);
    default:
      return false;
  }
}

function isElementFunction(node) {
  if (node?.type !== "ArrowFunctionExpression") return false;
  if (node.body.type !== "BlockStatement") return isElement(node.body);
  const last = node.body.body.at(-1);
  return last?.type === "ReturnStatement" && last.argument !== null && isElement(last.argument);
}

export default rule;
