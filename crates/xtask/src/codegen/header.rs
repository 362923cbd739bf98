//! The C header, out of the functions and types of `bindings/c`.

use std::path::Path;

use cbindgen::{Builder, Config, DocumentationStyle, EnumConfig, ExportConfig, Language, RenameRule, Style};

use super::{Generated, MARK};

const PATH: &str = "bindings/c/include/newswire.h";

/// The files that C may see something of, in the order of the header.
const SOURCES: [&str; 10] =
    ["fault", "edge", "general", "bus", "publish", "emitter", "subscribe", "attach", "source", "filter"];

/// What C calls our types.
const NAMES: [(&str, &str); 7] = [
    ("Code", "nw_code"),
    ("Fault", "nw_error"),
    ("Handle", "nw_handle"),
    ("Published", "nw_published"),
    ("Slice", "nw_slice"),
    ("Bytes", "nw_bytes"),
    ("Handler", "nw_handler"),
];

const LITERAL: &str = "
/**
 * A literal as text, and no text.
 */
#define NW_TEXT(literal) ((nw_slice){(literal), sizeof(literal) - 1})
#define NW_NONE ((nw_slice){NULL, 0})";

/// The header; none where there are no functions to be read, as in a test's folder.
pub(super) fn file(root: &Path) -> Option<Generated> {
    let folder = root.join("bindings/c/src");
    if !folder.is_dir() {
        return None;
    }
    let rename = NAMES.iter();
    let config = Config {
        language: Language::C,
        include_guard: Some("NEWSWIRE_H".to_owned()),
        header: Some(format!("/* {MARK} from bindings/c/src. docs/c-abi.md says what it means. */")),
        after_includes: Some(LITERAL.to_owned()),
        no_includes: true,
        sys_includes: ["stdbool.h", "stddef.h", "stdint.h"].map(str::to_owned).to_vec(),
        cpp_compat: true,
        style: Style::Type,
        usize_is_size_t: true,
        documentation_style: DocumentationStyle::Doxy,
        line_length: 100,
        enumeration: EnumConfig {
            rename_variants: RenameRule::QualifiedScreamingSnakeCase,
            ..EnumConfig::default()
        },
        export: ExportConfig {
            rename: rename.map(|(ours, theirs)| (ours.to_string(), theirs.to_string())).collect(),
            ..ExportConfig::default()
        },
        ..Config::default()
    };
    let builder = SOURCES.iter().fold(Builder::new().with_config(config), |builder, name| {
        builder.with_src(folder.join(format!("{name}.rs")))
    });
    let mut text = Vec::new();
    builder.generate().expect("bindings/c can be read").write(&mut text);
    let text = String::from_utf8(text).expect("the header is text");
    // A code is one of Newswire's, whatever its type is called.
    Some(Generated::new(PATH, text.replace("NW_CODE_", "NW_")))
}
