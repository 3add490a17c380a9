//! PNG images with a palette. Source: the PNG specification, third edition.

use std::io::{self, Write};

use flate2::{Compression, Crc, write::ZlibEncoder};

/// A colour: red, green, blue, alpha.
pub(crate) type Colour = [u8; 4];

/// Encodes a square image; `pixel` names a colour of the palette for each column and row.
pub(crate) fn encode(
    size: u32,
    palette: &[Colour],
    pixel: impl Fn(u32, u32) -> u8,
) -> io::Result<Vec<u8>> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::with_capacity(13);
    header.extend(size.to_be_bytes());
    header.extend(size.to_be_bytes());
    // Eight bits a pixel, palette, deflate, adaptive filters, not interlaced.
    header.extend([8, 3, 0, 0, 0]);
    chunk(&mut png, *b"IHDR", &header);
    let colours: Vec<u8> = palette
        .iter()
        .flat_map(|colour| colour[..3].to_vec())
        .collect();
    let alphas: Vec<u8> = palette.iter().map(|colour| colour[3]).collect();
    chunk(&mut png, *b"PLTE", &colours);
    chunk(&mut png, *b"tRNS", &alphas);
    let mut pixels = ZlibEncoder::new(Vec::new(), Compression::fast());
    let mut row = vec![0_u8; size as usize + 1];
    for y in 0..size {
        for x in 0..size {
            row[x as usize + 1] = pixel(x, y);
        }
        pixels.write_all(&row)?;
    }
    chunk(&mut png, *b"IDAT", &pixels.finish()?);
    chunk(&mut png, *b"IEND", &[]);
    Ok(png)
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], body: &[u8]) {
    let mut crc = Crc::new();
    crc.update(&kind);
    crc.update(body);
    png.extend((body.len() as u32).to_be_bytes());
    png.extend(kind);
    png.extend(body);
    png.extend(crc.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn the_pixels_come_out_as_they_went_in() {
        let png = encode(3, &[[1, 2, 3, 255], [4, 5, 6, 0]], |x, y| u8::from(x == y)).unwrap();
        assert!(png.starts_with(b"\x89PNG"));
        let at = png.windows(4).position(|kind| kind == b"IDAT").unwrap();
        let length = u32::from_be_bytes(png[at - 4..at].try_into().unwrap()) as usize;
        let mut pixels = Vec::new();
        flate2::read::ZlibDecoder::new(&png[at + 4..at + 4 + length])
            .read_to_end(&mut pixels)
            .unwrap();
        assert_eq!(pixels, [0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
        assert_eq!(
            png[png.len() - 4..],
            [0xAE, 0x42, 0x60, 0x82],
            "the checksum of an empty IEND"
        );
    }
}
