//! draft
mod clock; mod entropy; mod reason; mod directory; mod token;
