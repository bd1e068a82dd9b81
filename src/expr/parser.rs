//! Words and marks to a tree, by the strength of operators.

use super::lexer::{Token, tokens};
use super::{BYTES_MAX, DEPTH_MAX, LEVELS_MAX, PARTS_MAX};
use crate::model::error::Problem;
use crate::model::expr::{Clock, Node, Operator, Term};
use crate::model::name::quoted;

/// Reads a whole expression. The problem tells the byte.
pub fn parse(text: &str) -> Result<Term, Problem> {
    let mut parser = Parser::new(text)?;
    let term = parser.expression(0)?;
    parser.end()?;
    checked(term)
}

/// Reads expressions with commas between them.
pub fn parse_list(text: &str) -> Result<Vec<Term>, Problem> {
    let mut parser = Parser::new(text)?;
    let mut terms = vec![parser.expression(0)?];
    while parser.takes(",") {
        terms.push(parser.expression(0)?);
    }
    parser.end()?;
    terms.into_iter().map(checked).collect()
}

fn checked(term: Term) -> Result<Term, Problem> {
    if levels(&term) > LEVELS_MAX { Err(too_many_levels(term.at)) } else { Ok(term) }
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
            Node::In(term, terms) => waiting.extend(std::iter::once(&**term).chain(terms).map(|term| (term, level + 1))),
            Node::Between(term, least, most) => waiting.extend([term, least, most].map(|term| (&**term, level + 1))),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::Path(_) | Node::Me | Node::Clock(_) => {}
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
    fn new(text: &str) -> Result<Self, Problem> {
        if text.len() > BYTES_MAX {
            return Err(Problem::new("formula", format!("The expression has {} bytes; at most {BYTES_MAX} are possible", text.len())));
        }
        Ok(Self { tokens: tokens(text)?, at: 0, end: text.len(), parts: 0, depth: 0 })
    }

    fn end(&mut self) -> Result<(), Problem> {
        match self.next() {
            None => Ok(()),
            Some((at, token)) => Err(Problem::new("formula", format!("{} stands where the expression could end", shown(&token))).at(at)),
        }
    }

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

    fn too_deep(&self) -> Problem {
        let at = self.tokens.get(self.at).map_or(self.end, |(at, _)| *at);
        let problem = Problem::new("formula", format!("The expression is nested more than {DEPTH_MAX} levels deep")).at(at);
        problem.hint("Take out brackets that say nothing")
    }

    /// What is held by operators stronger than `weakest`.
    fn expression(&mut self, weakest: u8) -> Result<Term, Problem> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.too_deep());
        }
        let mut left = self.operand()?;
        if weakest < Operator::Eq.strength() {
            left = self.among(left)?;
        }
        while let Some((at, operator, is_any)) = self.operator().filter(|(_, operator, _)| operator.strength() > weakest) {
            self.at += 1;
            let right = self.expression(operator.strength())?;
            // `a = b = c` would compare a truth with a value.
            if operator.strength() == Operator::Eq.strength() && compares(&left) {
                return Err(Problem::new("formula", "Comparisons cannot be chained").at(at).hint("Join them: a < b && b < c"));
            }
            let (at, sides) = (left.at, (Box::new(left), Box::new(right)));
            let node = if is_any { Node::Any(operator, sides.0, sides.1) } else { Node::Binary(operator, sides.0, sides.1) };
            left = self.part(at, node)?;
            // `a + b in (c)`: what is added is one of these.
            if weakest < Operator::Eq.strength() && !compares(&left) {
                left = self.among(left)?;
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    /// `… in (a, b)`, `… between a and b`, if one of them follows.
    fn among(&mut self, left: Term) -> Result<Term, Problem> {
        let (begin, strength) = (left.at, Operator::Eq.strength());
        if self.takes_word("in") {
            let opened = self.tokens.get(self.at).map_or(self.end, |(at, _)| *at);
            if !self.takes("(") {
                return Err(Problem::new("formula", "A list in brackets is wanted after 'in'")
                    .at(opened)
                    .hint("status in ('new', 'open')"));
            }
            let mut terms = vec![self.expression(0)?];
            while self.takes(",") {
                terms.push(self.expression(0)?);
            }
            self.close(opened)?;
            return self.part(begin, Node::In(Box::new(left), terms));
        }
        if self.takes_word("between") {
            let least = self.expression(strength)?;
            let at = self.tokens.get(self.at).map_or(self.end, |(at, _)| *at);
            if !self.takes_word("and") {
                return Err(Problem::new("formula", "'and' is wanted after 'between' and its first value")
                    .at(at)
                    .hint("age between 18 and 25"));
            }
            let most = self.expression(strength)?;
            return self.part(begin, Node::Between(Box::new(left), Box::new(least), Box::new(most)));
        }
        Ok(left)
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is_it = matches!(self.tokens.get(self.at), Some((_, Token::Word(found))) if found == word);
        self.at += usize::from(is_it);
        is_it
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
            return Err(self.too_deep());
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
            _ => {}
        }
        if let Some(name) = word.strip_prefix('@') {
            return self.part(at, at_sign(name, at)?);
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
                Some((_, Token::Word(name))) if !name.starts_with('@') => names.push(name),
                other => {
                    let at = other.map_or(self.end, |(at, _)| at);
                    return Err(Problem::new("formula", "A name is wanted after the point").at(at));
                }
            }
        }
        self.part(at, Node::Path(names))
    }
}

/// Whether it is a comparison, of which no other can be made.
fn compares(term: &Term) -> bool {
    match &term.node {
        Node::Binary(operator, ..) | Node::Any(operator, ..) => operator.strength() == Operator::Eq.strength(),
        Node::In(..) | Node::Between(..) => true,
        _ => false,
    }
}

/// `@me`, or what the clock says: `@month_start`, which others write `@monthStart`.
fn at_sign(name: &str, at: usize) -> Result<Node, Problem> {
    if name == "me" {
        return Ok(Node::Me);
    }
    let snake: String =
        name.chars().flat_map(|c| c.is_ascii_uppercase().then_some('_').into_iter().chain([c.to_ascii_lowercase()])).collect();
    if let Some((_, clock)) = Clock::ALL.into_iter().find(|(known, _)| *known == snake) {
        return Ok(Node::Clock(clock));
    }
    let known: Vec<String> = Clock::ALL.iter().map(|(known, _)| *known).chain(["me"]).map(|known| format!("@{known}")).collect();
    let problem = Problem::new("formula", format!("There is no {}", quoted(&format!("@{name}")))).at(at);
    let near = problem.clone().did_you_mean(&format!("@{snake}"), known.iter().map(String::as_str));
    Err(if near.hint.is_some() { near } else { problem.hint(known.join(", ")) })
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
            ("a ~ 'x' && b.c ?!~ 'y' || !(d !~ e)", "((a ~ 'x') && (b.c ?!~ 'y')) || (!(d !~ e))"),
            ("a in (1, b+1) || c", "(a in (1, b + 1)) || c"),
            ("a + 1 between b and c * 2 && d", "((a + 1) between b and (c * 2)) && d"),
            ("a = @todayStart // or later\n && b < @now", "(a = @today_start) && (b < @now)"),
            ("in = between && between in (in)", "(in = between) && (between in (in))"),
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
            ("a in b", 5),
            ("a in ()", 6),
            ("a in (1", 7),
            ("a between 1 || 2", 12),
            ("a in (1) in (2)", 9),
            ("a in (1) = true", 9),
            ("a between 1 and 2 and 3", 18),
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

    /// A truth that a comparison may have on a side.
    fn not(node: Node) -> Node {
        Node::Not(Box::new(Term { at: 0, node }))
    }

    fn term() -> impl Strategy<Value = Term> {
        let leaf = prop_oneof![
            Just(Node::Null),
            any::<bool>().prop_map(Node::Bool),
            Just(Node::Me),
            prop::sample::select(Clock::ALL.to_vec()).prop_map(|(_, clock)| Node::Clock(clock)),
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
                (boxed.clone(), boxed.clone()).prop_map(|(left, right)| not(Node::Any(Operator::Gte, left, right))),
                (boxed.clone(), boxed.clone()).prop_map(|(left, right)| not(Node::Binary(Operator::NoMatch, left, right))),
                (boxed.clone(), prop::collection::vec(inner.clone(), 1..4)).prop_map(|(one, terms)| not(Node::In(one, terms))),
                (boxed.clone(), boxed.clone(), boxed.clone()).prop_map(|(one, least, most)| not(Node::Between(one, least, most))),
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
