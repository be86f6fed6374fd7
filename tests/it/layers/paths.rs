//! The paths that a source file names, absolute. Made of tokens rather than lines, so that groups, aliases, `super`
//! and macros are seen, and comments and strings are not.

use std::collections::HashMap;
use std::str::FromStr;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// A path that a file names: `crate::store::Accept`, `std::time::SystemTime`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Named {
    pub(super) path: String,
    pub(super) line: usize,
}

/// Every path of more than one segment in `source`, which is the file of `module` (`crate::store::journal`).
pub(super) fn named(module: &str, source: &str) -> Vec<Named> {
    let tokens = TokenStream::from_str(source).unwrap();
    let mut reader = Reader::default();
    reader.read(&segments(module), &tokens.into_iter().collect::<Vec<_>>());
    reader.named
}

#[derive(Default)]
struct Reader {
    named: Vec<Named>,
}

/// The names that a module's own items and imports give to paths.
type Scope = HashMap<String, Vec<String>>;

impl Reader {
    fn read(&mut self, module: &[String], tokens: &[TokenTree]) {
        let mut scope = Scope::new();
        self.imports(module, tokens, &mut scope);
        self.paths(module, tokens, &scope);
    }

    /// What `mod` and `use` bring into a module's scope; the imports' own paths are named by it.
    fn imports(&mut self, module: &[String], tokens: &[TokenTree], scope: &mut Scope) {
        for pair in tokens.windows(2) {
            if let [keyword, TokenTree::Ident(name)] = pair
                && word(keyword).as_deref() == Some("mod")
            {
                scope.insert(name.to_string(), [module, &[name.to_string()]].concat());
            }
        }
        let modules = scope.clone();
        for (place, token) in tokens.iter().enumerate() {
            if word(token).as_deref() != Some("use") {
                continue;
            }
            let rest = &tokens[place + 1..];
            let end = rest.iter().position(|token| is_punct(token, ';')).unwrap_or_default();
            let mut leaves = Vec::new();
            tree(&rest[..end], &[], &mut leaves);
            for (path, name) in leaves {
                let path = absolute(module, &modules, path);
                self.name(&path, token.span().start().line);
                scope.insert(name, path);
            }
        }
    }

    /// Paths in code, with the scope of the module that they stand in.
    fn paths(&mut self, module: &[String], tokens: &[TokenTree], scope: &Scope) {
        let mut place = 0;
        while let Some(token) = tokens.get(place) {
            let inner = match (word(token).as_deref(), tokens.get(place + 1), tokens.get(place + 2))
            {
                (Some("mod"), Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) => {
                    let body: Vec<_> = body.stream().into_iter().collect();
                    self.read(&[module, &[name.to_string()]].concat(), &body);
                    place += 3;
                    continue;
                }
                (Some("use"), ..) => {
                    let end = tokens[place..].iter().position(|token| is_punct(token, ';'));
                    place += end.unwrap_or(1);
                    continue;
                }
                _ => path_at(tokens, place),
            };
            match (token, inner) {
                (_, Some((path, length))) => {
                    self.name(&absolute(module, scope, path), token.span().start().line);
                    place += length;
                }
                (TokenTree::Group(group), None) => {
                    let inside: Vec<_> = group.stream().into_iter().collect();
                    let mut scope = scope.clone();
                    self.imports(module, &inside, &mut scope);
                    self.paths(module, &inside, &scope);
                    place += 1;
                }
                (TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_), None) => {
                    place += 1
                }
            }
        }
    }

    fn name(&mut self, path: &[String], line: usize) {
        self.named.push(Named { path: path.join("::"), line });
    }
}

/// `a::b::c` that begins here, and of how many tokens it is.
fn path_at(tokens: &[TokenTree], start: usize) -> Option<(Vec<String>, usize)> {
    let mut path = vec![word(tokens.get(start)?)?];
    let mut place = start + 1;
    while is_colons(tokens, place) {
        let Some(name) = tokens.get(place + 2).and_then(word) else { break };
        path.push(name);
        place += 3;
    }
    (path.len() > 1).then_some((path, place - start))
}

/// The leaves of a use tree, each with the name that it brings into scope.
fn tree(tokens: &[TokenTree], before: &[String], leaves: &mut Vec<(Vec<String>, String)>) {
    for branch in tokens.split(|token| is_punct(token, ',')) {
        let mut path = before.to_vec();
        let mut name = None;
        let mut tokens = branch.iter();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Ident(word) if word == "as" => {
                    name = tokens.next().map(TokenTree::to_string);
                }
                // `self` in a group is the group's own path; elsewhere it is where the path begins.
                TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
                TokenTree::Ident(word) => path.push(segment(word)),
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    tree(&group.stream().into_iter().collect::<Vec<_>>(), &path, leaves);
                    path.clear();
                }
                TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        if let Some(last) = path.last() {
            leaves.push((path.clone(), name.unwrap_or_else(|| last.clone())));
        }
    }
}

/// The path from the root: `crate::…`, or another crate's name first.
fn absolute(module: &[String], scope: &Scope, path: Vec<String>) -> Vec<String> {
    let supers = path.iter().take_while(|segment| *segment == "super").count();
    match path[0].as_str() {
        "super" => [&module[..module.len().saturating_sub(supers)], &path[supers..]].concat(),
        "self" => absolute(module, scope, [module, &path[1..]].concat()),
        first => match scope.get(first) {
            Some(known) => [known.as_slice(), &path[1..]].concat(),
            None => path,
        },
    }
}

fn segments(path: &str) -> Vec<String> {
    path.split("::").map(str::to_owned).collect()
}

fn segment(word: &Ident) -> String {
    word.to_string().trim_start_matches("r#").to_owned()
}

fn word(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(word) => Some(segment(word)),
        TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    }
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

fn is_colons(tokens: &[TokenTree], place: usize) -> bool {
    [place, place + 1]
        .iter()
        .all(|place| tokens.get(*place).is_some_and(|token| is_punct(token, ':')))
}

#[test]
fn every_way_of_naming_a_path_is_seen() {
    let source = r#"
        //! Not [`crate::doc`].
        use crate::a::{self, b::{C, d as e}};
        use std::time::SystemTime;
        use child::grandchild;
        mod child;
        // Nor crate::comment.
        fn f() -> crate::g::H { child::go("crate::text"); e::now(); super::sibling::go() }
        macro_rules! m { () => { $crate::x::y() } }
        mod tests { use super::super::up; fn g() { up::go(); super::child::go() } }
    "#;
    let paths: Vec<_> = named("crate::m", source).into_iter().map(|named| named.path).collect();
    let expected = [
        "crate::a",
        "crate::a::b::C",
        "crate::a::b::d",
        "std::time::SystemTime",
        "crate::m::child::grandchild",
        "crate::g::H",
        "crate::m::child::go",
        "crate::a::b::d::now",
        "crate::sibling::go",
        "crate::x::y",
        "crate::up",
        "crate::up::go",
        "crate::m::child::go",
    ];
    assert_eq!(paths, expected);
    let line = named("crate::m", "\n\nuse crate::a;")[0].line;
    assert_eq!(line, 3);
}
