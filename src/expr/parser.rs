//! Words and marks to a tree, by the strength of operators.

use super::lexer::{ME, Token, tokens};
use super::{BYTES_MAX, DEPTH_MAX, LEVELS_MAX, PARTS_MAX};
use crate::model::error::Problem;
use crate::model::expr::{Node, Operator, Term};
use crate::model::name::quoted;

/// Reads a whole expression. The problem tells the byte.
pub fn parse(text: &str) -> Result<Term, Problem> {
    if text.len() > BYTES_MAX {
        return Err(Problem::new("formula", format!("The expression has {} bytes; at most {BYTES_MAX} are possible", text.len())));
    }
    let mut parser = Parser { tokens: tokens(text)?, at: 0, end: text.len(), parts: 0, depth: 0 };
    let term = parser.expression(0)?;
    match parser.next() {
        None if levels(&term) > LEVELS_MAX => Err(too_many_levels(term.at)),
        None => Ok(term),
        Some((at, token)) => Err(Problem::new("formula", format!("{} stands where the expression could end", shown(&token))).at(at)),
    }
}

/// Levels of a tree; found without walking down by calls, for this is what bounds them.
fn levels(term: &Term) -> usize {
    let (mut most, mut waiting) = (0, vec![(term, 1)]);
    while let Some((term, level)) = waiting.pop() {
        most = most.max(level);
        match &term.node {
            Node::Not(inner) | Node::Negate(inner) => waiting.push((inner, level + 1)),
            Node::Binary(_, left, right) | Node::Any(_, left, right) => waiting.extend([(&**left, level + 1), (&**right, level + 1)]),
            Node::Call(_, terms) => waiting.extend(terms.iter().map(|term| (term, level + 1))),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::Path(_) | Node::Me => {}
        }
    }
    most
}

pub(super) fn too_many_levels(at: usize) -> Problem {
    let message = format!("The expression has more than {LEVELS_MAX} levels, with those of the fields in it");
    Problem::new("formula", message).at(at).hint("Brackets make it flatter: (a + b) + (c + d)")
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    at: usize,
    end: usize,
    parts: usize,
    depth: usize,
}

impl Parser {
    fn next(&mut self) -> Option<(usize, Token)> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn takes(&mut self, mark: &str) -> bool {
        let is_it = matches!(self.tokens.get(self.at), Some((_, Token::Mark(found))) if *found == mark);
        self.at += usize::from(is_it);
        is_it
    }

    fn part(&mut self, at: usize, node: Node) -> Result<Term, Problem> {
        self.parts += 1;
        if self.parts > PARTS_MAX {
            return Err(Problem::new("formula", format!("The expression has more than {PARTS_MAX} parts")).at(at));
        }
        Ok(Term { at, node })
    }

    /// What is held by operators stronger than `weakest`.
    fn expression(&mut self, weakest: u8) -> Result<Term, Problem> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Problem::new("formula", format!("The expression is nested more than {DEPTH_MAX} levels deep")));
        }
        let mut left = self.operand()?;
        while let Some((at, operator, is_any)) = self.operator().filter(|(_, operator, _)| operator.strength() > weakest) {
            self.at += 1;
            let right = self.expression(operator.strength())?;
            // `a = b = c` would compare a truth with a value.
            if operator.strength() == Operator::Eq.strength()
                && matches!(&left.node, Node::Binary(before, ..) | Node::Any(before, ..) if before.strength() == operator.strength())
            {
                return Err(Problem::new("formula", "Comparisons cannot be chained").at(at).hint("Join them: a < b && b < c"));
            }
            let (at, sides) = (left.at, (Box::new(left), Box::new(right)));
            let node = if is_any { Node::Any(operator, sides.0, sides.1) } else { Node::Binary(operator, sides.0, sides.1) };
            left = self.part(at, node)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    /// The operator that comes next, where it stands, and whether it asks for any of several.
    fn operator(&self) -> Option<(usize, Operator, bool)> {
        let (at, Token::Mark(mark)) = self.tokens.get(self.at)? else { return None };
        let (word, is_any) = mark.strip_prefix('?').map_or((*mark, false), |word| (word, true));
        Operator::ALL.into_iter().find(|(symbol, _)| *symbol == word).map(|(_, operator)| (*at, operator, is_any))
    }

    fn operand(&mut self) -> Result<Term, Problem> {
        let Some((at, token)) = self.next() else {
            return Err(Problem::new("formula", "The expression ends where a value is wanted").at(self.end));
        };
        let node = match token {
            Token::Number(digits) => Node::Number(digits),
            Token::Text(text) => Node::Text(text),
            Token::Word(word) => return self.word(at, word),
            Token::Mark("!") => Node::Not(Box::new(self.held()?)),
            Token::Mark("-") => Node::Negate(Box::new(self.held()?)),
            Token::Mark("(") => {
                let inner = self.expression(0)?;
                self.close(at)?;
                return Ok(inner);
            }
            Token::Mark(mark) => return Err(Problem::new("formula", format!("'{mark}' stands where a value is wanted")).at(at)),
        };
        self.part(at, node)
    }

    /// What a sign before a value holds.
    fn held(&mut self) -> Result<Term, Problem> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Problem::new("formula", format!("The expression is nested more than {DEPTH_MAX} levels deep")));
        }
        let held = self.operand();
        self.depth -= 1;
        held
    }

    fn close(&mut self, opened: usize) -> Result<(), Problem> {
        if self.takes(")") {
            return Ok(());
        }
        let at = self.tokens.get(self.at).map_or(self.end, |(at, _)| *at);
        Err(Problem::new("formula", format!("The bracket that opens at {opened} is not closed")).at(at))
    }

    /// A literal, a call, or a path.
    fn word(&mut self, at: usize, word: String) -> Result<Term, Problem> {
        match word.as_str() {
            "null" => return self.part(at, Node::Null),
            "true" => return self.part(at, Node::Bool(true)),
            "false" => return self.part(at, Node::Bool(false)),
            ME => return self.part(at, Node::Me),
            _ => {}
        }
        if self.takes("(") {
            let mut terms = Vec::new();
            if !self.takes(")") {
                terms.push(self.expression(0)?);
                while self.takes(",") {
                    terms.push(self.expression(0)?);
                }
                self.close(at + word.len())?;
            }
            return self.part(at, Node::Call(word, terms));
        }
        let mut names = vec![word];
        while self.takes(".") {
            match self.next() {
                Some((_, Token::Word(name))) => names.push(name),
                other => {
                    let at = other.map_or(self.end, |(at, _)| at);
                    return Err(Problem::new("formula", "A name is wanted after the point").at(at));
                }
            }
        }
        self.part(at, Node::Path(names))
    }
}

fn shown(token: &Token) -> String {
    match token {
        Token::Word(text) | Token::Number(text) | Token::Text(text) => quoted(text),
        Token::Mark(mark) => quoted(mark),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stronger_operators_take_what_stands_between() {
        for (text, read) in [
            ("a + b * c", "a + (b * c)"),
            ("a * b + c", "(a * b) + c"),
            ("a - b - c", "(a - b) - c"),
            ("a || b && !c", "a || (b && (!c))"),
            ("-a.b * 2 >= 1.50", "((-a.b) * 2) >= 1.50"),
            ("if(a = 'it\\'s', \"x\", null)", "if(a = 'it\\'s', 'x', null)"),
            ("( a )", "a"),
            ("f()", "f()"),
            ("a.b ?= @me && c ?!= 1", "(a.b ?= @me) && (c ?!= 1)"),
        ] {
            assert_eq!(parse(text).map(|term| term.to_string()).map_err(|problem| problem.message).as_deref(), Ok(read), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_at_its_byte() {
        for (text, at) in [
            ("", 0),
            ("a +", 3),
            ("a b", 2),
            ("a + * b", 4),
            ("(a", 2),
            ("f(a", 3),
            ("f(a,)", 4),
            ("a.", 2),
            ("a.1", 2),
            ("'open", 0),
            ("a # b", 2),
            ("é", 0),
            ("a < b < c", 6),
            ("a)", 1),
            ("a = @you", 4),
            ("a ?+ b", 2),
            ("a ?= b ?= c", 7),
        ] {
            assert_eq!(parse(text).expect_err(text).position, Some(at), "{text}");
        }
    }

    #[test]
    fn depth_and_length_are_bounded() {
        for text in ["(".repeat(1_000), "-".repeat(1_500), "a+".repeat(900) + "a", "a".repeat(3_000), "a+".repeat(64) + "a"] {
            assert!(parse(&text).is_err());
        }
        assert!(parse(&("a+".repeat(63) + "a")).is_ok());
    }

    fn term() -> impl Strategy<Value = Term> {
        let leaf = prop_oneof![
            Just(Node::Null),
            any::<bool>().prop_map(Node::Bool),
            Just(Node::Me),
            "[0-9]{1,6}(\\.[0-9]{1,4})?".prop_map(Node::Number),
            any::<String>().prop_map(Node::Text),
            prop::collection::vec("x[a-z_0-9]{0,5}", 1..3).prop_map(Node::Path),
        ]
        .prop_map(|node| Term { at: 0, node });
        leaf.prop_recursive(4, 24, 3, |inner| {
            let boxed = inner.clone().prop_map(Box::new);
            let arithmetic = prop::sample::select(vec![Operator::Or, Operator::And, Operator::Add, Operator::Subtract, Operator::Divide]);
            prop_oneof![
                boxed.clone().prop_map(Node::Not),
                boxed.clone().prop_map(Node::Negate),
                (arithmetic, boxed.clone(), boxed.clone()).prop_map(|(operator, left, right)| Node::Binary(operator, left, right)),
                (boxed.clone(), boxed)
                    .prop_map(|(left, right)| Node::Not(Box::new(Term { at: 0, node: Node::Any(Operator::Gte, left, right) }))),
                ("f[a-z]{0,4}", prop::collection::vec(inner, 0..3)).prop_map(|(name, terms)| Node::Call(name, terms)),
            ]
            .prop_map(|node| Term { at: 0, node })
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_as_the_same(term in term()) {
            let text = term.to_string();
            prop_assume!(text.len() <= BYTES_MAX);
            prop_assert_eq!(parse(&text).map(|read| read.to_string()).map_err(|problem| problem.message), Ok(text));
        }

        #[test]
        fn nothing_that_is_written_makes_it_fall(text in "\\PC{0,60}") {
            let _ = parse(&text);
        }
    }
}
