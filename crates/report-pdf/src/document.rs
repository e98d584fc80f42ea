//! What holds the pages together: footers, bookmarks, and what the file says of itself.

use std::io::{self, Write};

use chrono::{DateTime, Datelike as _, Timelike as _};
use pdf_writer::writers::{Catalog, DocumentInfo, Outline, OutlineItem, Pages};
use pdf_writer::{Chunk, Date, Finish as _, Name, Rect, Ref, TextStr};

use crate::About;
use crate::canvas::{Align, Canvas, HEIGHT, LEFT, LIGHT, RIGHT, Style, WIDTH};
use crate::flow::Press;
use crate::fonts::Weight;
use crate::front::NAME;
use crate::numbers::grouped;
use crate::words;

/// Text below a page.
const FOOTER: Style = Style::new(Weight::Regular, 8.0);
/// Where it stands.
const FOOTER_Y: f32 = HEIGHT - 36.0;

/// A part of the document, for the bookmarks.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// Its first page, from 0.
    pub page: usize,
}

/// Writes everything that is left when the contents of all pages are written.
pub fn finish<W: Write>(mut press: Press<W>, about: &About, contents: &[Ref], parts: &[Part]) -> io::Result<W> {
    let tree = press.file.reserve();
    let resources = press.file.reserve();
    let mut pages = Vec::with_capacity(contents.len());
    for (number, content) in (1_u64..).zip(contents) {
        let footer = footer(&mut press, about, number, contents.len() as u64)?;
        let id = press.file.reserve();
        let mut chunk = Chunk::new();
        let mut page = chunk.page(id);
        page.parent(tree).contents_array([*content, footer]);
        page.pair(Name(b"Resources"), resources);
        page.finish();
        press.file.object(id, &chunk)?;
        pages.push(id);
    }

    // Only now is it known which characters were used.
    let fonts = press.fonts.write(&mut press.file)?;
    let mut chunk = Chunk::new();
    chunk.indirect(resources).dict().insert(Name(b"Font")).dict().pairs(fonts);
    press.file.object(resources, &chunk)?;

    let mut chunk = Chunk::new();
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    chunk
        .indirect(tree)
        .start::<Pages>()
        .media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT))
        .count(count)
        .kids(pages.iter().copied());
    press.file.object(tree, &chunk)?;

    let outline = bookmarks(&mut press, &pages, parts)?;
    let catalog = press.file.reserve();
    let mut chunk = Chunk::new();
    let mut writer: Catalog = chunk.indirect(catalog).start();
    writer.pages(tree).outlines(outline).lang(TextStr("en"));
    writer.viewer_preferences().display_doc_title(true);
    writer.finish();
    press.file.object(catalog, &chunk)?;

    let info = press.file.reserve();
    let mut chunk = Chunk::new();
    let mut writer: DocumentInfo = chunk.indirect(info).start();
    writer.title(TextStr(&format!("{NAME}, {}", speaks_of(about))));
    if let Some(date) = about.as_of_us.and_then(date) {
        writer.creation_date(date);
    }
    writer.finish();
    press.file.object(info, &chunk)?;
    press.file.finish(catalog, info)
}

/// Instant and policy below a page, and which page it is.
fn footer<W: Write>(press: &mut Press<W>, about: &About, number: u64, pages: u64) -> io::Result<Ref> {
    let mut canvas = Canvas::new();
    let rule = FOOTER_Y - 12.0;
    canvas.line([LEFT, rule], [RIGHT, rule], 0.4, LIGHT);
    let text = format!("{NAME}, {}, policy {}", speaks_of(about), about.policy);
    canvas.text(&mut press.fonts, FOOTER.grey(), Align::Left, [LEFT, FOOTER_Y], &text);
    let text = format!("Page {} of {}", grouped(number), grouped(pages));
    canvas.text(&mut press.fonts, FOOTER.grey(), Align::Right, [RIGHT, FOOTER_Y], &text);
    canvas.finish(&mut press.file)
}

fn speaks_of(about: &About) -> String {
    about.as_of_us.map_or_else(|| "no instant".to_owned(), |instant_us| format!("as of {}", words::instant(instant_us)))
}

/// A bookmark for each part.
fn bookmarks<W: Write>(press: &mut Press<W>, pages: &[Ref], parts: &[Part]) -> io::Result<Ref> {
    let root = press.file.reserve();
    let items: Vec<Ref> = parts.iter().map(|_| press.file.reserve()).collect();
    for (index, (part, id)) in parts.iter().zip(&items).enumerate() {
        let mut chunk = Chunk::new();
        let mut item: OutlineItem = chunk.indirect(*id).start();
        item.title(TextStr(part.name)).parent(root);
        if let Some(page) = pages.get(part.page) {
            item.dest().page(*page).fit();
        }
        if let Some(previous) = index.checked_sub(1).and_then(|index| items.get(index)) {
            item.prev(*previous);
        }
        if let Some(next) = items.get(index + 1) {
            item.next(*next);
        }
        item.finish();
        press.file.object(*id, &chunk)?;
    }
    let mut chunk = Chunk::new();
    let mut outline: Outline = chunk.indirect(root).start();
    if let (Some(first), Some(last)) = (items.first(), items.last()) {
        outline.first(*first).last(*last).count(i32::try_from(items.len()).unwrap_or(i32::MAX));
    }
    outline.finish();
    press.file.object(root, &chunk)?;
    Ok(root)
}

/// The date of the document: the instant of the report, to the second.
fn date(instant_us: i64) -> Option<Date> {
    let instant = DateTime::from_timestamp_micros(instant_us)?;
    let part = |number: u32| u8::try_from(number).ok();
    Some(
        Date::new(u16::try_from(instant.year()).ok()?)
            .month(part(instant.month())?)
            .day(part(instant.day())?)
            .hour(part(instant.hour())?)
            .minute(part(instant.minute())?)
            .second(part(instant.second())?)
            .utc_offset_hour(0)
            .utc_offset_minute(0),
    )
}
